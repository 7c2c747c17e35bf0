"""Deletions of polls, decisions, failures and gaps by age."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, exists, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.retention.batches import Deletion, Found, Position
from ingestd.store.schema.tables import decisions, entries, failures, gaps, polls


def of_polls(before: datetime) -> Deletion:
    """Return the deletion of polls older than `before`."""
    return by_age(polls, before)


def of_decisions(before: datetime) -> Deletion:
    """Return the deletion of decisions older than `before`, but for the words for which pages were withheld.

    By these, `store.records.page_kills` knows what an operator has released; they go with their entry.
    """
    c = decisions.c
    of_page_kill = (c.verdict == "withheld") & c.reason.like('record %: it says "%')
    return by_age(decisions, before, ~of_page_kill)


def of_failures(before: datetime) -> Deletion:
    """Return the deletion of failures older than `before`, but for those that show why an entry is quarantined."""
    quarantined = exists().where(entries.c.id == failures.c.entry_id, entries.c.state == "quarantined")
    return by_age(failures, before, ~quarantined)


def of_gaps(before: datetime) -> Deletion:
    """Return the deletion of gaps that ended before a time, open ones as well: no record of that time is kept."""
    return by_age(gaps, before, at=gaps.c.to_at)


def by_age(
    table: Table, before: datetime, condition: ColumnElement[bool] | None = None, *, at: Column[Any] | None = None
) -> Deletion:
    """Return the deletion of the rows of a table with `id` that meet a condition, oldest first.

    `at` is the column with their time, `at` if None; it should have an index unless the table is small.
    """
    c = table.c
    time = c.at if at is None else at

    may_go = true() if condition is None else condition

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        # Rows that have to stay count towards the limit: the position passes them, and they are not read each time.
        query = select(time, c.id, may_go.label("may_go")).where(time < before)
        if position:
            query = query.where(time >= position[0], tuple_(time, c.id) > tuple_(*position))
        rows = (await connection.execute(query.order_by(time, c.id).limit(limit))).all()
        last = (rows[-1][0], rows[-1].id) if len(rows) == limit else None
        return Found(keys=[row.id for row in rows if row.may_go], position=last)

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], _: None) -> Sequence[Any]:
        statement = delete(table).where(c.id.in_(keys), may_go)
        return (await connection.execute(statement.returning(c.id))).scalars().all()

    return Deletion(table=table.name, find=find, delete=delete_rows)
