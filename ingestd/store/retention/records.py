"""Deletion of records, with everything of theirs, and of superseded revisions.

Killed, withheld and embargoed records stay, and those for which there is evidence that they were withdrawn.  The
entries of a deleted record stay as "expired" until `keep_entries` deletes them: a feed that still lists them brings no
news.  Of a record with many revisions, events, texts or carriers most are deleted first, in transactions of their own
(`record_parts`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, exists, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import lock_records
from ingestd.store.records import search_index
from ingestd.store.retention import record_parts
from ingestd.store.retention.batches import Deletion, Found, Position
from ingestd.store.schema.tables import carriers, entries, events, evidence, records, revisions, sources, texts
from ingestd.store.statements import chunks
from ingestd.store.stories import erase

#: Whether nothing shows that a story was killed, withheld, embargoed or withdrawn.
_PLAIN = (
    (records.c.pubstatus == "usable")
    & records.c.release_at.is_(None)
    & ~exists().where(carriers.c.record_id == records.c.id, evidence.c.entry_id == carriers.c.entry_id)
)

#: Whether no entry of a record is at work or waits for it.
_IDLE = ~exists().where(
    entries.c.record_id == records.c.id, (entries.c.state == "pending") | entries.c.run_id.is_not(None)
)

_HAS_CARRIER = exists().where(carriers.c.record_id == records.c.id)


def of_records(before: datetime | None, before_of: Mapping[str, datetime | None]) -> Deletion:
    """Return the deletion of records that have not changed since `before` (None: never).

    `before_of` has another time for sites and source URLs; of the sources that carried a record, the longest counts.
    The record with the largest number stays, because the next number follows its.
    """
    newest = select(func.max(records.c.id)).scalar_subquery()
    times = [time for time in (before, *before_of.values()) if time is not None]
    latest = max(times)
    may_go = _PLAIN & _IDLE & (records.c.id < newest) & _HAS_CARRIER & ~_kept_longer(before, before_of)

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        return await _find(connection, records.c.updated_at < latest, may_go, position, limit)

    async def prepare(connection: AsyncConnection, keys: Sequence[Any]) -> dict[int, str]:
        query = select(revisions.c.id).where(revisions.c.record_id.in_(keys))
        present = await search_index.indexed(connection, (await connection.execute(query)).scalars().all())
        return await search_index.removed_terms(connection, present)

    async def may_go_now(connection: AsyncConnection, keys: Sequence[Any]) -> Sequence[int]:
        await lock_records(connection)
        query = select(records.c.id).where(records.c.id.in_(keys), records.c.updated_at < latest, may_go)
        return (await connection.execute(query)).scalars().all()

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], terms: dict[int, str]) -> Sequence[Any]:
        ids = list(await may_go_now(connection, keys))
        merged = select(records.c.id).where(records.c.merged_into.in_(ids), records.c.id < newest)
        ids += (await connection.execute(merged)).scalars()
        of_entry = update(entries).where(entries.c.record_id.in_(ids))
        await connection.execute(of_entry.values(record_id=None, state="expired", revisit_at=None))
        for some in chunks(ids):
            indexed = select(revisions.c.id).where(revisions.c.record_id.in_(some))
            ids_indexed = (await connection.execute(indexed)).scalars().all()
            await search_index.remove(connection, ids_indexed, terms)
        await erase.forget(connection, ids)
        for table in (events, carriers, texts, revisions):
            await connection.execute(delete(table).where(table.c.record_id.in_(ids)))
        await connection.execute(delete(records).where(records.c.id.in_(ids)))
        return ids

    parts = record_parts.of_records(may_go_now)
    return Deletion(table="records", find=find, delete=delete_rows, prepare=prepare, parts=parts)


def _kept_longer(before: datetime | None, before_of: Mapping[str, datetime | None]) -> ColumnElement[bool]:
    """Return whether some carrier's source keeps a record for longer than it is old."""
    s = sources.c
    own = case(
        *(((s.url == name) | (s.site == name), records.c.updated_at >= time) for name, time in _named(before_of)),
        else_=records.c.updated_at >= (before or _BEGINNING),
    )
    return exists().where(carriers.c.record_id == records.c.id, s.id == carriers.c.source_id, own)


#: A time before every record: whatever is kept for ever changed after it.
_BEGINNING = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _named(before_of: Mapping[str, datetime | None]) -> list[tuple[str, datetime]]:
    """Return the times, those of URLs first: they are more specific than sites."""
    names = sorted(before_of, key=lambda name: (":" not in name, name))
    return [(name, before_of[name] or _BEGINNING) for name in names] or [("", _BEGINNING)]


def of_revisions(before: datetime) -> Deletion:
    """Return the deletion of superseded revisions of records that have not changed since `before`."""
    superseded = exists().where(revisions.c.record_id == records.c.id, revisions.c.revision < records.c.revision)
    old = records.c.updated_at < before
    may_go = _PLAIN & (records.c.revision > 1) & superseded
    of_record = (revisions.c.record_id == records.c.id) & (revisions.c.revision < records.c.revision)
    order = (records.c.updated_at, records.c.id, revisions.c.revision)

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        # A position inside a record is that of the last revision; behind a record it has two items.
        inside = position if position and len(position) == 3 else None
        page = await _find(connection, old, may_go, position and position[:2], limit, again=inside is not None)
        query = (
            select(revisions.c.id, *order).join_from(records, revisions, of_record).where(records.c.id.in_(page.keys))
        )
        if inside:
            query = query.where(tuple_(*order) > tuple_(*inside))
        rows = (await connection.execute(query.order_by(*order).limit(limit))).all() if page.keys else []
        last = tuple(rows[-1][1:]) if len(rows) == limit else page.position
        return Found(keys=[row.id for row in rows], position=last)

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], _: None) -> Sequence[Any]:
        await lock_records(connection)
        query = select(revisions.c.id).join_from(records, revisions, of_record).where(revisions.c.id.in_(keys), old)
        ids = (await connection.execute(query.where(_PLAIN))).scalars().all()
        await connection.execute(delete(revisions).where(revisions.c.id.in_(ids)))
        return ids

    return Deletion(table="revisions", find=find, delete=delete_rows)


async def _find(
    connection: AsyncConnection,
    old: ColumnElement[bool],
    may_go: ColumnElement[bool],
    position: Position | None,
    limit: int,
    *,
    again: bool = False,
) -> Found:
    """Look at the next records that are old, by their last change, and return those that may go.

    With `again`, these begin with the one at the position.
    """
    c = records.c
    query = select(c.updated_at, c.id, may_go.label("may_go")).where(old)
    if position:
        place = tuple_(c.updated_at, c.id)
        behind = place >= tuple_(*position) if again else place > tuple_(*position)
        query = query.where(c.updated_at >= position[0], behind)
    rows = (await connection.execute(query.order_by(c.updated_at, c.id).limit(limit))).all()
    last = (rows[-1].updated_at, rows[-1].id) if len(rows) == limit else None
    return Found(keys=[row.id for row in rows if row.may_go], position=last)
