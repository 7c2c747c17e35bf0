"""The full-text index of current revisions: SQLite's FTS5, or the parts of `search_parts` on PostgreSQL.

Both hold the terms that `policy.articles.search_terms` makes, so the same query finds the same records on both; a table
beside has the filters of phrases.  A row is numbered like its revision.  Saving a revision replaces the row of the one
before; a row that is left over finds nothing, since only current revisions are looked up.  Whoever deletes revisions
calls `remove` first.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import Integer, Subquery, bindparam, column, delete, select, table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UnreadableContent
from ingestd.model.search_terms import Phrase
from ingestd.policy.articles.index_entry import HEADLINE_MARK, OFTEN_MARK, IndexEntry, index_entry
from ingestd.policy.articles.phrase_filter import probes
from ingestd.store.database import Database
from ingestd.store.records import search_parts
from ingestd.store.records.content import PACKED, content_of
from ingestd.store.records.search_parts import HEADLINE_WEIGHT, MAX_RANKED, Wanted
from ingestd.store.schema.columns import Id
from ingestd.store.schema.tables import revisions
from ingestd.store.statements import chunks

#: Pages of the index that one transaction writes when it is merged.
_MERGED_PAGES = 500

#: Hits from which on PostgreSQL has to know how many there are.
_MANY = 200

#: PostgreSQL has the terms as text until a part has them (`search_parts`).
_rows = table("record_search", column("revision_id"), column("terms"))

#: Filters of the phrases of a revision; one that has no row may have any phrase.
_phrases = table("record_search_phrases", column("revision_id"), column("phrases"))

#: Columns that `entry_of` needs.
TEXT_COLUMNS = (
    revisions.c.id, revisions.c.record_id, revisions.c.revision, revisions.c.headline, revisions.c.content,
    *(revisions.c[name] for name in PACKED),
)  # fmt: skip


async def hits(connection: AsyncConnection, phrases: Sequence[Phrase]) -> Subquery:
    """Return a subquery of the numbers (`id`) of revisions with all terms of all phrases, and their rank (`rank`).

    Of those that have the terms of a phrase but not the phrase, it has a few.  Revisions with more of the first terms
    in the headline, or often in the body, have a higher rank.
    """
    is_postgresql = connection.dialect.name == "postgresql"
    wanted = list(dict.fromkeys(part for phrase in phrases for part in _parts(phrase)))
    values: dict[str, Any]
    query, values = _fts_hits(wanted)
    if is_postgresql:
        ranks = await search_parts.hits(connection, wanted)
        if len(ranks) > _MANY:
            # Planned for this list, not for lists of any length.
            await connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        query, values = _GIVEN_HITS, {"ids": _array(ranks.keys()), "ranks": _array(ranks.values())}
    tests = []
    for number, probe in enumerate(probe for phrase in phrases for probe in probes(_whole_terms(phrase))):
        values[f"place_{number}"] = probe.number
        values[f"bit_{number}"] = probe.mask if is_postgresql else _hexadecimal_pattern(probe.mask)
        tests.append((_POSTGRESQL_TEST if is_postgresql else _SQLITE_TEST).format(number))
    if tests:
        # A revision without a filter may have any phrase.
        query += " LEFT JOIN record_search_phrases AS filters ON filters.revision_id = hits.id"
        query += f" WHERE coalesce(length(phrases), 0) = 0 OR ({' AND '.join(tests)})"
    return text(query).bindparams(**values).columns(column("id", Id), column("rank", Integer)).subquery("hits")


def _fts_hits(wanted: Sequence[Wanted]) -> tuple[str, dict[str, Any]]:
    """Return the query of SQLite for numbers and ranks, and its parameters."""
    values: dict[str, Any] = {"wanted": _fts_query(wanted)}
    ranks = ["0"]
    for number, (term, is_prefix) in enumerate(wanted[:MAX_RANKED]):
        for mark, weight in ((HEADLINE_MARK, HEADLINE_WEIGHT), (OFTEN_MARK, 1)):
            name = f"rank_{weight}_{number}"
            values[name] = _fts_query([(mark + term, is_prefix)])
            ranks.append(f"CASE WHEN hits.id IN ({_FTS_IDS.format(name)}) THEN {weight} ELSE 0 END")
    ids = _FTS_IDS.format("wanted")
    return f"SELECT hits.id AS id, {' + '.join(ranks)} AS rank FROM ({ids}) AS hits", values  # noqa: S608 - as above


def _array(numbers: Iterable[int]) -> str:
    return f"{{{','.join(map(str, numbers))}}}"


_FTS_IDS = "SELECT rowid AS id FROM record_search WHERE record_search MATCH :{0}"
_GIVEN_HITS = (
    "SELECT hits.id AS id, hits.rank AS rank "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:ranks AS integer[])) AS hits(id, rank)"
)
_SQLITE_TEST = "hex(substr(phrases, 1 + :place_{0} % nullif(length(phrases), 0), 1)) GLOB :bit_{0}"
#: PostgreSQL may test an empty filter, whatever the order of the conditions.
_POSTGRESQL_TEST = "get_byte(phrases, :place_{0} % nullif(length(phrases), 0)) & :bit_{0} <> 0"


# Terms consist of letters, digits and marks: nothing in them has a meaning in the language of FTS5.
def _fts_query(wanted: Iterable[Wanted]) -> str:
    return " AND ".join(f'"{term}"{" *" if is_prefix else ""}' for term, is_prefix in wanted)


def _parts(phrase: Phrase) -> Iterable[Wanted]:
    last = len(phrase.terms) - 1
    return ((term, phrase.prefix and number == last) for number, term in enumerate(phrase.terms))


def _whole_terms(phrase: Phrase) -> Sequence[str]:
    return phrase.terms[:-1] if phrase.prefix else phrase.terms


@cache
def _hexadecimal_pattern(mask: int) -> str:
    """Return a pattern of bytes in hexadecimal that have the bit of a mask."""
    digits = "".join(f"{digit:X}" for digit in range(16) if digit & (mask if mask < 16 else mask >> 4))
    return f"?[{digits}]" if mask < 16 else f"[{digits}]?"


def entry_of(row: Any) -> IndexEntry:
    """Return the entry of a row with the columns in TEXT_COLUMNS; raises UnreadableContent."""
    return index_entry(row.headline, content_of(row)["body_text"])


async def indexed(connection: AsyncConnection, revision_ids: Collection[int]) -> set[int]:
    """Return which of some revisions the index has."""
    ids: Any = bindparam("ids", expanding=True)
    filtered = _phrases.c.revision_id
    # What a part has got filters of phrases with its row.
    query: Any = select(_rows.c.revision_id).where(_rows.c.revision_id.in_(ids))
    query = query.union(select(filtered).where(filtered.in_(ids)))
    if connection.dialect.name == "sqlite":
        query = text("SELECT id FROM record_search_docsize WHERE id IN :ids").bindparams(ids)
    found: set[int] = set()
    for some in chunks(sorted(revision_ids)):
        found.update((await connection.execute(query, {"ids": list(some)})).scalars())
    return found


async def add(connection: AsyncConnection, entries: Mapping[int, IndexEntry]) -> None:
    """Add revisions that the index does not have: number → entry."""
    if not entries:
        return
    found = [{"revision_id": id_, "terms": one.terms} for id_, one in entries.items()]
    if connection.dialect.name == "postgresql":
        await connection.execute(postgresql.insert(_rows).on_conflict_do_nothing(), found)
    else:
        await connection.execute(text("INSERT INTO record_search (rowid, terms) VALUES (:revision_id, :terms)"), found)
    await add_phrases(connection, entries)


async def add_phrases(connection: AsyncConnection, entries: Mapping[int, IndexEntry]) -> None:
    """Add the filters of phrases of revisions."""
    if not entries:
        return
    rows = [{"revision_id": id_, "phrases": one.phrases} for id_, one in entries.items()]
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    await connection.execute(insert(_phrases).on_conflict_do_nothing(), rows)


async def remove(
    connection: AsyncConnection, revision_ids: Collection[int], known: Mapping[int, str] | None = None
) -> None:
    """Remove revisions from the index; those that it does not have are passed over.  Their rows must still exist.

    `known` are results of `removed_terms`, which spare the time to make them under the write lock.
    """
    for some in chunks(sorted(revision_ids)):
        await connection.execute(delete(_phrases).where(_phrases.c.revision_id.in_(some)))
        if connection.dialect.name == "postgresql":
            await connection.execute(delete(_rows).where(_rows.c.revision_id.in_(some)))
    if connection.dialect.name == "postgresql":
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
            found[row.id] = entry_of(row).terms
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
    await connection.execute(delete(_phrases))
    if connection.dialect.name == "postgresql":
        await connection.execute(delete(_rows))
        await search_parts.clear(connection)
    else:
        await connection.execute(text("INSERT INTO record_search (record_search) VALUES ('delete-all')"))
