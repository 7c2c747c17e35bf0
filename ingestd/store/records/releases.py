"""Release of records whose embargo has ended, including while ingestd was stopped."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import lock_records
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import records, revisions

#: Records released in one transaction, for whose lock other writers wait.
_MAX_RECORDS = 500


async def any_due(connection: AsyncConnection, *, now: datetime) -> bool:
    """Return whether the embargo of a withheld record has ended."""
    query = select(records.c.id).where(records.c.release_at <= now, records.c.pubstatus == "withheld").limit(1)
    return (await connection.execute(query)).first() is not None


async def release(connection: AsyncConnection, *, now: datetime) -> int:
    """Release at most 500 records whose embargo has ended, the earliest first; returns how many."""
    await lock_records(connection)
    query = (
        select(records.c.id, records.c.revision, revisions.c.entry_id)
        .join(revisions, (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision))
        .where(records.c.release_at <= now, records.c.pubstatus == "withheld")
        .order_by(records.c.release_at, records.c.id)
        .limit(_MAX_RECORDS)
    )
    due = (await connection.execute(query)).all()
    unit_of_work = await UnitOfWork.open(connection)
    for row in due:
        unit_of_work.update_record(row.id, pubstatus="usable", release_at=None, updated_at=now)
        unit_of_work.set_status(row.id, [row.revision], "usable")
        unit_of_work.add_event(row.id, row.revision, "released", entry_id=row.entry_id, at=now, pubstatus="usable")
    await unit_of_work.flush(connection)
    return len(due)
