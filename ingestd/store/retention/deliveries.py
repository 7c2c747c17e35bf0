"""Deletion of attempts at messages, and of messages that are not tried again, by age.

Messages that wait for another try stay whatever their age: a cursor has passed them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.retention.batches import Deletion, Found, Position
from ingestd.store.retention.histories import by_age
from ingestd.store.schema.tables import consumer_attempts, consumer_failures


def of_attempts(before: datetime) -> Deletion:
    """Return the deletion of attempts older than `before`."""
    return by_age(consumer_attempts, before)


def of_dead_messages(before: datetime) -> Deletion:
    """Return the deletion of messages whose last try was before a time, and that are not tried again."""
    c = consumer_failures.c
    may_go = (c.state == "dead") & (c.last_at < before)

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        query = select(c.consumer_id, c.seq).where(may_go).order_by(c.consumer_id, c.seq).limit(limit)
        if position:
            query = query.where(tuple_(c.consumer_id, c.seq) > tuple_(*position))
        keys = [tuple(row) for row in await connection.execute(query)]
        return Found(keys=keys, position=keys[-1] if len(keys) == limit else None)

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], _: None) -> Sequence[Any]:
        statement = delete(consumer_failures).where(tuple_(c.consumer_id, c.seq).in_(keys), may_go)
        return [tuple(row) for row in await connection.execute(statement.returning(c.consumer_id, c.seq))]

    return Deletion(table="consumer_failures", find=find, delete=delete_rows)
