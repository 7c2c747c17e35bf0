"""Full-text search of the current revisions of records."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UnreadableContent
from ingestd.model.record import Record
from ingestd.model.search_terms import Phrase, matches, parse_query, terms
from ingestd.store.records import search_index
from ingestd.store.records.content import content_of
from ingestd.store.records.records import CURRENT, SELECT_RECORDS, Status, filtered, readable
from ingestd.store.schema.tables import records, revisions

#: Records with all words of a phrase that are compared with it, best first: a phrase of very common words, of which
#: few records have the phrase, would take seconds.
MAX_COMPARED = 10_000

#: Texts compared at once.
_BATCH = 200


async def search(connection: AsyncConnection, words: str, *, limit: int, status: Status = "usable") -> list[Record]:
    """Return the records whose current headline and body contain all words, best match first.

    "Quoted words" match as a phrase, `word*` all words that begin so.  A word in the headline weighs most, then one
    that occurs often in the body; of equal matches, the record revised last comes first.
    """
    phrases = parse_query(words)
    if not phrases:
        return []
    found = await search_index.hits(connection, phrases)
    to_compare = [phrase for phrase in phrases if len(phrase.terms) > 1]
    query = (
        select(revisions.c.id, found.c.rank, records.c.id.label("record_id"))
        .join_from(records, revisions, CURRENT)
        .join(found, found.c.id == revisions.c.id)
        .order_by(found.c.rank.desc(), records.c.updated_at.desc(), records.c.id.desc())
        .limit(MAX_COMPARED if to_compare else limit)
    )
    query = filtered(query, None, None, status)
    # The contents of the best alone are read.  Nearly all that have a phrase by its filter have it.
    at_once = min(2 * limit, _BATCH) if to_compare else limit
    best = query.limit(at_once).subquery("best")
    ranked = SELECT_RECORDS.add_columns(revisions.c.id).join(best, best.c.id == revisions.c.id)
    ranked = ranked.order_by(best.c.rank.desc(), records.c.updated_at.desc(), records.c.id.desc())
    rows = (await connection.execute(ranked)).all()
    if not to_compare:
        return await readable(connection, rows)
    having = [row for row in rows if _has(row, to_compare)][:limit]
    if len(having) < limit and len(rows) == at_once:
        # A commit since the first statement may have changed the order, and given a record another revision.
        compared = {row.record_id for row in rows}
        others = [row.id for row in await connection.execute(query) if row.record_id not in compared]
        ids = await _with_phrases(connection, others, to_compare, limit - len(having))
        by_id = filtered(SELECT_RECORDS.add_columns(revisions.c.id), None, None, status).where(revisions.c.id.in_(ids))
        more = {row.id: row for row in await connection.execute(by_id)}
        having += [more[id_] for id_ in ids if id_ in more]
    return await readable(connection, having)


class Hit(NamedTuple):
    """A record with all words."""

    record_id: int
    #: Its place in the list: rank, time of its last change, number.
    key: tuple[int, datetime, int]
    #: Whether it also has the phrases.
    fits: bool


async def ranked(
    connection: AsyncConnection,
    words: str,
    *,
    limit: int,
    after: tuple[int, datetime, int] | None,
    only: ColumnElement[bool],
    fits: Callable[[Any], ColumnElement[bool]] = lambda _: true(),
) -> list[Hit]:
    """Return the next `limit` records after a key, in the order of `search`; `only` is a condition on `records`.

    Among them are some that have all words of a phrase but not the phrase.  `fits` makes a condition from the columns
    `id`, `pubstatus` and `revision` of a record that takes longer: only what is returned is looked at.
    """
    phrases = parse_query(words)
    if not phrases:
        return []
    found = await search_index.hits(connection, phrases)
    c = records.c
    query = (
        select(revisions.c.id.label("revision_id"), found.c.rank, c.id, c.updated_at, c.pubstatus, c.revision)
        .join_from(records, revisions, CURRENT)
        .join(found, found.c.id == revisions.c.id)
        .where(only)
        .order_by(found.c.rank.desc(), c.updated_at.desc(), c.id.desc())
        .limit(limit)
    )
    if after is not None:
        rank, updated_at, record_id = after
        later = or_(c.updated_at < updated_at, (c.updated_at == updated_at) & (c.id < record_id))
        query = query.where(or_(found.c.rank < rank, (found.c.rank == rank) & later))
    some = query.subquery("some")
    order = (some.c.rank.desc(), some.c.updated_at.desc(), some.c.id.desc())
    rows = (await connection.execute(select(some, fits(some.c).label("fits")).order_by(*order))).all()
    to_compare = [phrase for phrase in phrases if len(phrase.terms) > 1]
    ids = [row.revision_id for row in rows if row.fits]
    having = set(await _with_phrases(connection, ids, to_compare, len(ids)) if to_compare else ids)
    return [Hit(row.id, (row.rank, row.updated_at, row.id), row.revision_id in having) for row in rows]


async def _with_phrases(
    connection: AsyncConnection, ids: Sequence[int], phrases: Sequence[Phrase], limit: int
) -> list[int]:
    """Return the first revisions, at most `limit`, with all phrases in their headline or body."""
    found: list[int] = []
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        query = select(*search_index.TEXT_COLUMNS).where(revisions.c.id.in_(some))
        rows = {row.id: row for row in await connection.execute(query)}
        for id_ in some:
            if id_ in rows and _has(rows[id_], phrases):
                found.append(id_)
                if len(found) == limit:
                    return found
    return found


def _has(row: Row[Any], phrases: Sequence[Phrase]) -> bool:
    try:
        texts = [terms(row.headline or ""), terms(content_of(row)["body_text"])]
    except UnreadableContent:
        return False
    return all(any(matches(phrase, text) for text in texts) for phrase in phrases)
