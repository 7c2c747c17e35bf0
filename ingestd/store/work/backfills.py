"""Backfills: create, claim, advance, cancel, list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NotFound, UsageError
from ingestd.store.database import Database
from ingestd.store.schema.tables import backfills, entries, records, sources
from ingestd.store.statements import chunks
from ingestd.store.work.entry_deletion import delete_entries
from ingestd.urls import without_userinfo

#: Entries dropped in one transaction.
_DROPPED = 200


async def create(
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
    """Create a running backfill, claimed by `run_id`; returns its id."""
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
    """Return a backfill; raises UsageError when there is none with that id."""
    row = (await connection.execute(select(backfills).where(backfills.c.id == backfill_id))).first()
    if row is None:
        raise NotFound(f"no backfill {backfill_id}; `ingestd backfill list` shows all backfills")
    return row


async def claim(connection: AsyncConnection, backfill_id: int, run_id: str, *, now: datetime) -> Row[Any]:
    """Claim an interrupted or failed backfill; raises UsageError when it is done, cancelled or claimed."""
    row = await find(connection, backfill_id)
    if row.state in ("done", "cancelled"):
        raise UsageError(f"backfill {backfill_id} is {row.state}; start a new one")
    own = update(backfills).where(backfills.c.id == backfill_id, backfills.c.run_id.is_(None))
    result = await connection.execute(own.values(run_id=run_id, state="running", updated_at=now))
    if not result.rowcount:
        raise UsageError(f"backfill {backfill_id} is running in another process")
    return row


async def find_unfinished(
    connection: AsyncConnection, *, kind: str, argument: str, options: Mapping[str, Any]
) -> int | None:
    """Return the newest running or failed backfill with this kind, argument and options, or None."""
    query = select(backfills.c.id, backfills.c.options).where(
        backfills.c.kind == kind, backfills.c.argument == argument, backfills.c.state.in_(("running", "failed"))
    )
    rows = (await connection.execute(query.order_by(backfills.c.id.desc()))).all()
    return next((row.id for row in rows if row.options == options), None)


async def advance(connection: AsyncConnection, backfill_id: int, run_id: str, *, now: datetime, **values: Any) -> bool:
    """Save a backfill's progress: any of `cursor`, `state` and `message`.

    Returns False when the run no longer has the claim, or the backfill was cancelled.
    """
    own = (backfills.c.id == backfill_id) & (backfills.c.run_id == run_id) & (backfills.c.state != "cancelled")
    result = await connection.execute(update(backfills).where(own).values(updated_at=now, **values))
    return bool(result.rowcount)


async def cancel(connection: AsyncConnection, backfill_id: int, *, now: datetime) -> None:
    """Cancel a backfill; `drop_pending` then drops its entries.  Records stay.

    A run at work on it notices at its next `advance`, and drops the entries it has claimed.
    """
    await find(connection, backfill_id)
    await connection.execute(
        update(backfills).where(backfills.c.id == backfill_id).values(state="cancelled", updated_at=now)
    )


async def drop_pending(database: Database, backfill_id: int) -> int:
    """Delete a backfill's pending entries that no run has claimed, some hundred a transaction; returns how many.

    If they stayed, a later poll or backfill would skip them as known.  Entries that changed after they had become a
    record cannot be deleted: they become the daemon's work.
    """
    dropped = 0
    while True:
        async with database.write() as connection:
            ids = [row.id for row in await connection.execute(_pending_of(backfill_id))]
            if not ids:
                return dropped
            dropped += await delete_entries(connection, ids)
            left = entries.c.id.in_(ids) & (entries.c.backfill_id == backfill_id)
            await connection.execute(update(entries).where(left).values(backfill_id=None))


def _pending_of(backfill_id: int) -> Select[tuple[int]]:
    pending = (entries.c.backfill_id == backfill_id) & (entries.c.state == "pending") & entries.c.run_id.is_(None)
    return select(entries.c.id).where(pending).order_by(entries.c.id).limit(_DROPPED).with_for_update(skip_locked=True)


async def take_over_entries(connection: AsyncConnection, backfill_id: int, source_id: int, guids: Sequence[str]) -> int:
    """Take over pending entries from other backfills that no run has claimed; returns how many."""
    idle = select(backfills.c.id).where(backfills.c.run_id.is_(None))
    orphaned = (
        (entries.c.source_id == source_id)
        & (entries.c.state == "pending")
        & entries.c.run_id.is_(None)
        & entries.c.backfill_id.in_(idle)
    )
    taken_over = 0
    for some in chunks(guids):
        statement = update(entries).where(orphaned, entries.c.guid.in_(some)).values(backfill_id=backfill_id)
        taken_over += (await connection.execute(statement)).rowcount
    return taken_over


async def next_due(connection: AsyncConnection, backfill_id: int) -> datetime | None:
    """Return when the next pending entry of a backfill is due, or None if none is left."""
    pending = (entries.c.backfill_id == backfill_id) & (entries.c.state == "pending")
    due: datetime | None = (await connection.execute(select(func.min(entries.c.due_at)).where(pending))).scalar_one()
    return due


class WaitingEntries(NamedTuple):
    """The pending entries of a backfill: their number, and the URL and due time of the one that is due first."""

    number: int
    url: str | None
    due_at: datetime


async def waiting_entries(connection: AsyncConnection, backfill_id: int) -> WaitingEntries | None:
    """Return the pending entries of a backfill, or None if none is left; those of a removed source wait for nothing."""
    removed = select(sources.c.id).where(sources.c.state == "removed").scalar_subquery()
    pending = (entries.c.backfill_id == backfill_id) & (entries.c.state == "pending")
    pending &= entries.c.source_id.not_in(removed)
    first = select(entries.c.url, entries.c.due_at).where(pending).order_by(entries.c.due_at, entries.c.id).limit(1)
    row = (await connection.execute(first)).first()
    if row is None:
        return None
    count = (await connection.execute(select(func.count()).select_from(entries).where(pending))).scalar_one()
    return WaitingEntries(int(count), row.url, row.due_at)


async def count_new_records(connection: AsyncConnection, backfill_id: int) -> int:
    """Return the number of records that a backfill's entries created."""
    query = select(func.count()).join_from(records, entries, entries.c.id == records.c.origin_entry_id)
    return int((await connection.execute(query.where(entries.c.backfill_id == backfill_id))).scalar_one())


async def count_entries(connection: AsyncConnection, backfill_id: int) -> dict[str, int]:
    """Return the number of a backfill's entries by state: pending, done, quarantined."""
    query = select(entries.c.state, func.count()).where(entries.c.backfill_id == backfill_id).group_by(entries.c.state)
    return dict((await connection.execute(query)).all())


async def list_all(
    connection: AsyncConnection, *, limit: int | None = None, before: int | None = None
) -> list[dict[str, Any]]:
    """Return backfills, newest first, each with its number of entries by state; with `before`, those with lower ids.

    One that no process works on, and that is not finished, is `interrupted`.
    """
    query = select(backfills).order_by(backfills.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(backfills.c.id < before)
    rows = list((await connection.execute(query)).mappings())
    return [_shown(row, await count_entries(connection, row["id"])) for row in rows]


def _shown(row: Mapping[Any, Any], number: Mapping[str, int]) -> dict[str, Any]:
    interrupted = row["state"] == "running" and row["run_id"] is None
    return {
        "id": row["id"],
        "kind": row["kind"],
        "state": "interrupted" if interrupted else row["state"],
        "argument": without_userinfo(row["argument"]),
        "options": row["options"],
        **{state: number.get(state, 0) for state in ("pending", "done", "quarantined")},
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "message": row["message"],
    }
