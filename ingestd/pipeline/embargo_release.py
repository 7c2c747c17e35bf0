"""Release records whose embargo has ended."""

from datetime import UTC, datetime

from ingestd.store.database import Database
from ingestd.store.records import releases


async def release_due(database: Database) -> int:
    """Release the records whose embargo has ended by the wall clock; returns how many.  Raises StoreError.

    Cheap to call often: nothing is locked while no embargo has ended.
    """
    released, now = 0, datetime.now(UTC)
    while True:
        async with database.read() as connection:
            if not await releases.any_due(connection, now=now):
                return released
        async with database.write() as connection:
            some = await releases.release(connection, now=now)
        released += some
