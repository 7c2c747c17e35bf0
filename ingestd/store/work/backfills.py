"""Backfills as rows: begun, advanced, resumed, cancelled."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.store.schema.tables import backfills, entries, failures, records, sources
from ingestd.store.statements import chunks


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


async def unfinished(
    connection: AsyncConnection, *, kind: str, argument: str, options: Mapping[str, Any]
) -> int | None:
    """Return the newest backfill of just this that is neither done nor cancelled; None when there is none."""
    query = select(backfills.c.id, backfills.c.options).where(
        backfills.c.kind == kind, backfills.c.argument == argument, backfills.c.state.in_(("running", "failed"))
    )
    rows = (await connection.execute(query.order_by(backfills.c.id.desc()))).all()
    return next((row.id for row in rows if row.options == options), None)


async def advance(connection: AsyncConnection, backfill_id: int, run_id: str, *, now: datetime, **values: Any) -> bool:
    """Keep how far a run has come with a backfill: any of `cursor`, `state` and `message`.

    Returns whether the backfill is still this run's: it is not once it was cancelled.
    """
    mine = (backfills.c.id == backfill_id) & (backfills.c.run_id == run_id) & (backfills.c.state != "cancelled")
    result = await connection.execute(update(backfills).where(mine).values(updated_at=now, **values))
    return bool(result.rowcount)


async def cancel(connection: AsyncConnection, backfill_id: int, *, now: datetime) -> int:
    """Cancel a backfill: what is saved stays, its pending entries are dropped; returns how many.

    Whoever has it at work notices at its next step, and drops what it had claimed.
    """
    await find(connection, backfill_id)
    await connection.execute(
        update(backfills).where(backfills.c.id == backfill_id).values(state="cancelled", updated_at=now)
    )
    return await drop_pending(connection, backfill_id)


async def drop_pending(connection: AsyncConnection, backfill_id: int) -> int:
    """Forget a backfill's entries that nobody has at work, as if they had never been listed; returns how many.

    Otherwise a later poll or backfill would take them for known.
    """
    dropped = select(entries.c.id).where(
        entries.c.backfill_id == backfill_id, entries.c.state == "pending", entries.c.run_id.is_(None)
    )
    of_dropped = failures.c.entry_id.in_(dropped)
    await connection.execute(update(failures).where(of_dropped).values(entry_id=None))
    return int((await connection.execute(delete(entries).where(entries.c.id.in_(dropped)))).rowcount)


async def adopt(connection: AsyncConnection, backfill_id: int, source_id: int, guids: Sequence[str]) -> int:
    """Take over pending entries that a backfill listed which nobody has at work now; returns how many."""
    idle = select(backfills.c.id).where(backfills.c.run_id.is_(None))
    orphaned = (
        (entries.c.source_id == source_id)
        & (entries.c.state == "pending")
        & entries.c.run_id.is_(None)
        & entries.c.backfill_id.in_(idle)
    )
    taken = 0
    for some in chunks(guids):
        statement = update(entries).where(orphaned, entries.c.guid.in_(some)).values(backfill_id=backfill_id)
        taken += (await connection.execute(statement)).rowcount
    return taken


async def next_due(connection: AsyncConnection, backfill_id: int) -> datetime | None:
    """Return when the next pending entry of a backfill is due; None when none is left."""
    pending = (entries.c.backfill_id == backfill_id) & (entries.c.state == "pending")
    due: datetime | None = (await connection.execute(select(func.min(entries.c.due_at)).where(pending))).scalar_one()
    return due


async def new_records(connection: AsyncConnection, backfill_id: int) -> int:
    """Return how many records began with an entry of a backfill."""
    query = select(func.count()).join_from(records, entries, entries.c.id == records.c.origin_entry_id)
    return int((await connection.execute(query.where(entries.c.backfill_id == backfill_id))).scalar_one())


async def counts(connection: AsyncConnection, backfill_id: int) -> dict[str, int]:
    """Return how many entries of a backfill are in each state: pending, done, quarantined."""
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
