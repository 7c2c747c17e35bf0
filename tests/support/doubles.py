"""Records that one entry made twice, as older programs left them."""

from datetime import datetime, timedelta

from sqlalchemy import update

from ingestd.store.database import Database
from ingestd.store.schema import tables
from ingestd.store.work import entries
from ingestd.store.work.entries import ClaimedEntry
from tests.support.outcomes import NOON, claimed, keep, saved

LATER = NOON + timedelta(hours=1)


async def forget_record(database: Database, work: ClaimedEntry) -> None:
    """Make an entry due again without its record: its change had ended the claim, and the result did not name it."""
    c = tables.entries.c
    async with database.write() as connection:
        changed = update(tables.entries).where(c.id == work.id)
        await connection.execute(changed.values(state="pending", run_id=None, record_id=None, due_at=NOON))


async def claim_again(database: Database, *, now: datetime = LATER, limit: int = 1) -> list[ClaimedEntry]:
    async with database.write() as connection:
        return await entries.claim_due(connection, "test", now=now, limit=limit)


async def make_doubles(database: Database, source: str, count: int = 1) -> list[ClaimedEntry]:
    """Add a source whose entries have each changed while they were at work: v1 and v2 are two records.

    Returns the entries as they were claimed for v2.
    """
    works = await claimed(database, source, count)
    await keep(database, [saved(work, f"{work.id} old") for work in works])
    for work in works:
        await forget_record(database, work)
    again = await claim_again(database, limit=count)
    await keep(database, [saved(work, f"{work.id} text", at=LATER) for work in again])
    return again
