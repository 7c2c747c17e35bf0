"""Deletions of polls, decisions and failures by age."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, exists, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.retention.batches import Deletion, Found, Position
from ingestd.store.schema.tables import decisions, entries, failures, polls


def of_polls(before: datetime) -> Deletion:
    """Return the deletion of polls older than `before`."""
    return by_age(polls, before)


def of_decisions(before: datetime) -> Deletion:
    """Return the deletion of decisions older than `before`."""
    return by_age(decisions, before)


def of_failures(before: datetime) -> Deletion:
    """Return the deletion of failures older than `before`, but for those that show why an entry is quarantined."""
    quarantined = exists().where(entries.c.id == failures.c.entry_id, entries.c.state == "quarantined")
    return by_age(failures, before, ~quarantined)


def by_age(table: Table, before: datetime, condition: ColumnElement[bool] | None = None) -> Deletion:
    """Return the deletion of the rows of a table with `id` and an indexed `at` that meet a condition, oldest first."""
    c = table.c

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        query = select(c.at, c.id).where(c.at < before, true() if condition is None else condition)
        if position:
            query = query.where(c.at >= position[0], tuple_(c.at, c.id) > tuple_(*position))
        rows = (await connection.execute(query.order_by(c.at, c.id).limit(limit))).all()
        return Found(keys=[row.id for row in rows], position=tuple(rows[-1]) if len(rows) == limit else None)

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], _: None) -> Sequence[Any]:
        statement = delete(table).where(c.id.in_(keys), true() if condition is None else condition)
        return (await connection.execute(statement.returning(c.id))).scalars().all()

    return Deletion(table=table.name, find=find, delete=delete_rows)
