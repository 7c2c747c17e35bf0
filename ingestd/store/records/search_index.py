"""The full-text index of current revisions: SQLite's FTS5, or a table with a GIN index on PostgreSQL.

Both hold the terms that `policy.articles.search_terms` makes, so the same query finds the same records on both.  A row
is numbered like its revision.  Saving a revision replaces the row of the one before; a row that is left over finds
nothing, since only current revisions are looked up.  Whoever deletes revisions calls `remove` first.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    Subquery,
    bindparam,
    case,
    cast,
    column,
    delete,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UnreadableContent
from ingestd.policy.articles.search_terms import HEADLINE_MARK, OFTEN_MARK, Phrase, index_terms
from ingestd.store.database import Database
from ingestd.store.records.content import PACKED, content_of
from ingestd.store.schema.tables import revisions
from ingestd.store.statements import chunks

#: A word in the headline weighs as much as ten that occur often in the body.
_HEADLINE_WEIGHT = 10

#: Terms of a query that count for the order of its hits.
_MAX_RANKED = 8

#: Pages of the index that one transaction writes when it is merged.
_MERGED_PAGES = 500

#: PostgreSQL has the terms as text, which is compressed, and indexes the tsvector made of it.
_rows = table("record_search", column("revision_id"), column("terms"))
_VECTOR = "array_to_tsvector(string_to_array(terms, ' '))"

#: Columns that `terms_of` needs.
TEXT_COLUMNS = (
    revisions.c.id, revisions.c.record_id, revisions.c.revision, revisions.c.headline, revisions.c.content,
    *(revisions.c[name] for name in PACKED),
)  # fmt: skip


def hits(connection: AsyncConnection, phrases: Sequence[Phrase]) -> tuple[Subquery, ColumnElement[int]]:
    """Return a subquery of the numbers (`id`) of revisions with all terms of all phrases, and their rank.

    Revisions with more of the first terms in the headline, or often in the body, have a higher rank.
    """
    wanted = list(dict.fromkeys(part for phrase in phrases for part in _parts(phrase)))
    found = _select(connection, wanted).subquery("hits")
    rank: ColumnElement[int] = literal_column("0")
    for term, is_prefix in wanted[:_MAX_RANKED]:
        for mark, weight in ((HEADLINE_MARK, _HEADLINE_WEIGHT), (OFTEN_MARK, 1)):
            marked = _select(connection, [(mark + term, is_prefix)])
            rank = rank + case((found.c.id.in_(marked), weight), else_=0)
    return found, rank


def _parts(phrase: Phrase) -> Iterable[tuple[str, bool]]:
    last = len(phrase.terms) - 1
    return ((term, phrase.prefix and number == last) for number, term in enumerate(phrase.terms))


def _select(connection: AsyncConnection, wanted: Sequence[tuple[str, bool]]) -> Any:
    # Terms consist of letters, digits and marks: nothing in them has a meaning in either language.
    if connection.dialect.name == "postgresql":
        query = " & ".join(f"'{term}'{':*' if is_prefix else ''}" for term, is_prefix in wanted)
        wanted_terms = cast(bindparam(None, query, type_=String), postgresql.TSQUERY)
        return select(_rows.c.revision_id.label("id")).where(literal_column(_VECTOR).op("@@")(wanted_terms))
    query = " AND ".join(f'"{term}"{" *" if is_prefix else ""}' for term, is_prefix in wanted)
    fts = table("record_search")
    return (
        select(literal_column("rowid").label("id"))
        .select_from(fts)
        .where(literal_column("record_search").op("MATCH")(bindparam(None, query, type_=String)))
    )


def terms_of(row: Any) -> str:
    """Return the terms of a row with the columns in TEXT_COLUMNS; raises UnreadableContent."""
    return index_terms(row.headline, content_of(row)["body_text"])


async def indexed(connection: AsyncConnection, revision_ids: Collection[int]) -> set[int]:
    """Return which of some revisions the index has."""
    rows = _rows.c.revision_id
    query = select(rows).where(rows.in_(bindparam("ids", expanding=True)))
    if connection.dialect.name == "sqlite":
        query = text("SELECT id FROM record_search_docsize WHERE id IN :ids").bindparams(  # type: ignore[assignment]
            bindparam("ids", expanding=True)
        )
    found: set[int] = set()
    for some in chunks(sorted(revision_ids)):
        found.update((await connection.execute(query, {"ids": list(some)})).scalars())
    return found


async def add(connection: AsyncConnection, terms: Mapping[int, str]) -> None:
    """Add revisions that the index does not have: number → terms."""
    if not terms:
        return
    if connection.dialect.name == "postgresql":
        insert = postgresql.insert(_rows).on_conflict_do_nothing()
        await connection.execute(insert, [{"revision_id": id_, "terms": words} for id_, words in terms.items()])
        return
    insert_fts = text("INSERT INTO record_search (rowid, terms) VALUES (:id, :terms)")
    await connection.execute(insert_fts, [{"id": id_, "terms": words} for id_, words in terms.items()])


async def remove(
    connection: AsyncConnection, revision_ids: Collection[int], known: Mapping[int, str] | None = None
) -> None:
    """Remove revisions from the index; those that it does not have are passed over.  Their rows must still exist.

    `known` are results of `removed_terms`, which spare the time to make them under the write lock.
    """
    if connection.dialect.name == "postgresql":
        for some in chunks(sorted(revision_ids)):
            await connection.execute(delete(_rows).where(_rows.c.revision_id.in_(some)))
        return
    present = await indexed(connection, revision_ids)
    terms = {id_: words for id_, words in (known or {}).items() if id_ in present}
    terms |= await removed_terms(connection, present - terms.keys())
    if terms:
        # An index without its text must be told what it contains.
        await connection.execute(_REMOVE_FTS, [{"id": id_, "terms": terms[id_]} for id_ in sorted(terms)])


async def removed_terms(connection: AsyncConnection, revision_ids: Collection[int]) -> dict[int, str]:
    """Return the terms that `remove` needs: number → terms; none on PostgreSQL."""
    found: dict[int, str] = {}
    if connection.dialect.name == "sqlite":
        for some in chunks(sorted(revision_ids)):
            rows = (await connection.execute(select(*TEXT_COLUMNS).where(revisions.c.id.in_(some)))).all()
            found |= await asyncio.to_thread(_terms_of_all, rows)
    return found


_REMOVE_FTS = text("INSERT INTO record_search (record_search, rowid, terms) VALUES ('delete', :id, :terms)")


def _terms_of_all(rows: Iterable[Any]) -> dict[int, str]:
    found = {}
    for row in rows:
        # The terms of a damaged content stay in the index, where they find nothing.
        with suppress(UnreadableContent):
            found[row.id] = terms_of(row)
    return found


async def erase_deleted(database: Database) -> None:
    """Write the index of SQLite anew, without the terms of removed revisions, in short transactions.

    FTS5 only marks what is removed as deleted, until it merges all of its segments.
    """
    if database.dialect == "postgresql":
        return
    pages = -_MERGED_PAGES  # a negative number begins to merge all segments; positive ones continue
    while True:
        async with database.write() as connection:
            await connection.execute(text("PRAGMA secure_delete = ON"))
            before = (await connection.execute(text("SELECT total_changes()"))).scalar_one()
            merge = text("INSERT INTO record_search (record_search, rank) VALUES ('merge', :pages)")
            await connection.execute(merge, {"pages": pages})
            # The statement itself counts as one change.
            if (await connection.execute(text("SELECT total_changes()"))).scalar_one() - before < 2:
                return
        pages = _MERGED_PAGES


async def clear(connection: AsyncConnection) -> None:
    """Remove all revisions."""
    if connection.dialect.name == "postgresql":
        await connection.execute(delete(_rows))
    else:
        await connection.execute(text("INSERT INTO record_search (record_search) VALUES ('delete-all')"))
