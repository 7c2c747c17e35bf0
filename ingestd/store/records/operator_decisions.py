"""Kill and release records by hand, such as those whose agency says only in words that they are killed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.store.database import lock_records
from ingestd.store.operations import decisions
from ingestd.store.operations.decisions import Decision
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import records, revisions

_CURRENT = (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision)


async def kill(connection: AsyncConnection, record_id: int, *, actor: str, reason: str | None, now: datetime) -> None:
    """Kill a record: cancel all its revisions, none of which is blanked.  Raises UsageError if it is killed already."""
    row = await _locked(connection, record_id)
    if row.pubstatus == "canceled":
        raise UsageError(f"record {record_id} is killed already")
    numbers = select(revisions.c.revision).where(revisions.c.record_id == record_id)
    every = list((await connection.execute(numbers)).scalars())
    await _decide(connection, row, "killed", every, actor=actor, reason=reason, now=now)


async def release(
    connection: AsyncConnection, record_id: int, *, actor: str, reason: str | None, now: datetime
) -> None:
    """Release a withheld record before its embargo ends, or because it is not killed after all.

    Raises UsageError if it is not withheld: only its agency undoes a kill, by a newer version.
    """
    row = await _locked(connection, record_id)
    if row.pubstatus != "withheld":
        state = "killed; only a newer version of its agency undoes that" if row.pubstatus == "canceled" else "usable"
        raise UsageError(f"record {record_id} is not withheld: it is {state}")
    await _decide(connection, row, "released", [row.revision], actor=actor, reason=reason, now=now)


async def _locked(connection: AsyncConnection, record_id: int) -> Any:
    await lock_records(connection)
    query = (
        select(records.c.id, records.c.pubstatus, records.c.revision, revisions.c.entry_id)
        .join(revisions, _CURRENT)
        .where(records.c.id == record_id)
    )
    return (await connection.execute(query)).one()


async def _decide(
    connection: AsyncConnection,
    row: Any,
    event: Literal["killed", "released"],
    revision_numbers: Iterable[int],
    *,
    actor: str,
    reason: str | None,
    now: datetime,
) -> None:
    unit_of_work = await UnitOfWork.open(connection)
    status: Literal["canceled", "usable"] = "canceled" if event == "killed" else "usable"
    unit_of_work.update_record(row.id, pubstatus=status, release_at=None, unconfirmed_kill_at=None, updated_at=now)
    unit_of_work.set_status(row.id, revision_numbers, status)
    unit_of_work.add_event(row.id, row.revision, event, entry_id=row.entry_id, at=now, pubstatus=status)
    await unit_of_work.flush(connection)
    words = f"record {row.id}: {event} by {actor}" + (f": {reason}" if reason else "")
    await decisions.add(
        connection, [Decision(at=now, entry_id=row.entry_id, stage="operator", verdict=event, reason=words)]
    )
