"""Records whose embargo has ended: they are released by the time alone, whoever was away meanwhile."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import lock_records
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import records, revisions

#: Records of one transaction: writers of others wait for it.
_AT_ONCE = 500


async def are_due(connection: AsyncConnection, *, now: datetime) -> bool:
    """Say whether an embargo has ended."""
    query = select(records.c.id).where(records.c.release_at <= now, records.c.pubstatus == "withheld").limit(1)
    return (await connection.execute(query)).first() is not None


async def release(connection: AsyncConnection, *, now: datetime) -> int:
    """Make records usable whose embargo has ended, the first ones first, at most 500; returns how many."""
    await lock_records(connection)
    query = (
        select(records.c.id, records.c.revision, revisions.c.entry_id)
        .join(revisions, (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision))
        .where(records.c.release_at <= now, records.c.pubstatus == "withheld")
        .order_by(records.c.release_at, records.c.id)
        .limit(_AT_ONCE)
    )
    due = (await connection.execute(query)).all()
    unit = await UnitOfWork.open(connection)
    for row in due:
        unit.renew_record(row.id, pubstatus="usable", release_at=None, updated_at=now)
        unit.give_status(row.id, [row.revision], "usable")
        unit.add_event(row.id, row.revision, "released", entry_id=row.entry_id, at=now, pubstatus="usable")
    await unit.close(connection)
    return len(due)
