"""Deletion of entries whose work has ended, once their source no longer lists them.

Entries that the last document of their source lists stay whatever their age, so that a feed brings nothing twice; and
those that were withdrawn, as evidence.  An entry that a record, a revision, a carrier or an event refers to loses what
the feed announced and keeps its guid, address and times: about a third of its row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.polls import windows
from ingestd.store.retention.batches import Deletion, Found, Position
from ingestd.store.schema.tables import backfills, entries, evidence
from ingestd.store.work.entry_deletion import delete_entries

#: What a shrunk entry keeps of its announcement.
_LASTING = ("guid", "id_origin", "link")


def of_entries(before: datetime) -> Deletion:
    """Return the deletion of entries last seen before a time; the one with the largest number stays.

    Entries are looked at in the order of their numbers, in which they were first seen.
    """
    c = entries.c
    newest = select(func.max(c.id)).scalar_subquery()
    at_work = exists().where(backfills.c.id == c.backfill_id, backfills.c.state == "running")
    may_go = (
        c.state.in_(("done", "expired", "quarantined"))
        & c.run_id.is_(None)
        & c.revisit_at.is_(None)
        & c.gone.is_(None)
        & (c.last_seen_at < before)
        & (c.id < newest)
        & ~at_work
        & ~exists().where(evidence.c.entry_id == c.id)
    )

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        query = select(c.id, c.first_seen_at, may_go.label("may_go"), c.record_id, c.announced)
        query = query.where(c.id > (position[0] if position else 0))
        rows = (await connection.execute(query.order_by(c.id).limit(limit))).all()
        whole = [row.id for row in rows if row.may_go and (row.record_id is None or not _is_shrunk(row.announced))]
        is_over = len(rows) < limit or all((row.first_seen_at or before) >= before for row in rows)
        return Found(keys=await _unlisted(connection, whole), position=None if is_over else (rows[-1].id,))

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], _: None) -> Sequence[Any]:
        # The locks come first: an entry that a poll or a revisit takes at this moment stays.
        query = select(c.id).where(c.id.in_(keys), may_go).order_by(c.id).with_for_update(of=entries)
        ids = await _unlisted(connection, (await connection.execute(query)).scalars().all())
        await delete_entries(connection, ids)
        rows = (await connection.execute(select(c.id, c.announced).where(c.id.in_(ids)))).all()
        for row in rows:
            known = row.announced if isinstance(row.announced, dict) else {}
            lasting = {name: known[name] for name in _LASTING if name in known}
            await connection.execute(update(entries).where(c.id == row.id).values(announced=lasting))
        return ids

    return Deletion(table="entries", find=find, delete=delete_rows)


def _is_shrunk(announced: Any) -> bool:
    # One that cannot be read is as small as it will be.
    return not isinstance(announced, dict) or set(announced) <= set(_LASTING)


async def _unlisted(connection: AsyncConnection, ids: Sequence[int]) -> list[int]:
    """Return those of some entries that the last document of their source does not list."""
    query = select(entries.c.id, entries.c.source_id).where(entries.c.id.in_(ids))
    source_of = {row.id: row.source_id for row in await connection.execute(query)}
    listed = await windows.read(connection, set(source_of.values()))
    return [
        entry_id
        for entry_id, source_id in source_of.items()
        if source_id not in listed or entry_id not in listed[source_id].entry_ids
    ]
