"""Backfills as rows: begun, advanced, resumed, cancelled."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.store.tables import backfills, entries, sources


async def begin(
    connection: AsyncConnection,
    *,
    kind: str,
    argument: str,
    options: Mapping[str, Any],
    source_id: int,
    cursor: Mapping[str, Any],
    run_id: str,
    now: datetime,
) -> int:
    """Enter a backfill as running and return its id."""
    row = {
        "kind": kind,
        "argument": argument,
        "options": dict(options),
        "source_id": source_id,
        "state": "running",
        "cursor": dict(cursor),
        "run_id": run_id,
        "created_at": now,
        "updated_at": now,
    }
    return int((await connection.execute(insert(backfills).values(row).returning(backfills.c.id))).scalar_one())


async def find(connection: AsyncConnection, backfill_id: int) -> Row[Any]:
    """Return a backfill; raises UsageError when there is none of that number."""
    row = (await connection.execute(select(backfills).where(backfills.c.id == backfill_id))).first()
    if row is None:
        raise UsageError(f"no backfill {backfill_id}: `ingestd backfill list` shows them")
    return row


async def claim(connection: AsyncConnection, backfill_id: int, run_id: str, *, now: datetime) -> Row[Any]:
    """Take up a backfill that nobody runs; raises UsageError when it is done, cancelled or at work already."""
    row = await find(connection, backfill_id)
    if row.state in ("done", "cancelled"):
        raise UsageError(f"backfill {backfill_id} is {row.state}; start a new one")
    mine = update(backfills).where(backfills.c.id == backfill_id, backfills.c.run_id.is_(None))
    result = await connection.execute(mine.values(run_id=run_id, state="running", updated_at=now))
    if not result.rowcount:
        raise UsageError(f"backfill {backfill_id} is at work in another process")
    return row


async def advance(
    connection: AsyncConnection,
    backfill_id: int,
    *,
    now: datetime,
    cursor: Mapping[str, Any] | None = None,
    **values: Any,
) -> None:
    """Keep how far a backfill has come, and whatever else changed of `state`, `message` and `run_id`."""
    if cursor is not None:
        values["cursor"] = dict(cursor)
    await connection.execute(update(backfills).where(backfills.c.id == backfill_id).values(updated_at=now, **values))


async def cancel(connection: AsyncConnection, backfill_id: int, *, now: datetime) -> int:
    """Cancel a backfill: what is saved stays, its pending entries are dropped from its list; returns how many.

    Whoever has it at work notices at its next step.
    """
    await find(connection, backfill_id)
    await advance(connection, backfill_id, now=now, state="cancelled")
    pending = (entries.c.backfill_id == backfill_id) & (entries.c.state == "pending")
    result = await connection.execute(update(entries).where(pending).values(state="cancelled", run_id=None))
    return int(result.rowcount)


async def counts(connection: AsyncConnection, backfill_id: int) -> dict[str, int]:
    """Return how many entries of a backfill are in each state: pending, done, quarantined, cancelled."""
    query = select(entries.c.state, func.count()).where(entries.c.backfill_id == backfill_id).group_by(entries.c.state)
    return dict((await connection.execute(query)).all())


async def listed(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return all backfills, newest first, each with its source's URL and its counts of entries."""
    query = (
        select(backfills, sources.c.url.label("source_url"))
        .join(sources, sources.c.id == backfills.c.source_id)
        .order_by(backfills.c.id.desc())
    )
    rows = [dict(row) for row in (await connection.execute(query)).mappings()]
    return [{**row, "entries": await counts(connection, row["id"])} for row in rows]
