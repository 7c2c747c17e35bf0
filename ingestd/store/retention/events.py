"""Deletion of events, oldest first; `event_log.read_after` refuses a reader that has not read them yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.retention.batches import Deletion, Found, Position
from ingestd.store.schema.tables import events


def of_events(before: datetime) -> Deletion:
    """Return the deletion of events older than `before`; the last one stays, because the next number follows its."""
    c = events.c
    newest = select(func.max(c.seq)).scalar_subquery()

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        query = select(c.seq, c.at).where(c.seq > (position[0] if position else 0), c.seq < newest)
        rows = (await connection.execute(query.order_by(c.seq).limit(limit))).all()
        old = []
        for row in rows:
            if row.at >= before:  # a clock that was set back may have left older ones behind it, which wait
                break
            old.append(row.seq)
        return Found(keys=old, position=(old[-1],) if old and len(old) == limit else None)

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], _: None) -> Sequence[Any]:
        await connection.execute(delete(events).where(c.seq.in_(keys), c.seq < newest))
        return keys

    return Deletion(table="events", find=find, delete=delete_rows)
