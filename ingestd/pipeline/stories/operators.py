"""Split and merge stories by hand, and trace anew whose text their records have."""

from collections.abc import Sequence
from datetime import datetime

from ingestd.articles.agencies.operators import Agencies
from ingestd.pipeline.stories import tracing
from ingestd.store.database import Database
from ingestd.store.stories import operators


async def split(
    database: Database, record_ids: Sequence[int], *, now: datetime, agencies: Agencies = ()
) -> tuple[int, int]:
    """Move records into a new story; return the numbers of the old and the new one.  Raises NotFound, UsageError."""
    async with database.write() as connection:
        old, new = await operators.split(connection, record_ids, now=now)
        await tracing.retrace(connection, [old, new], agencies)
    return old, new


async def merge(database: Database, one: int, other: int, *, now: datetime, agencies: Agencies = ()) -> int:
    """Make two stories one; return its number, that of the older.  Raises NotFound, UsageError."""
    async with database.write() as connection:
        kept = await operators.merge(connection, one, other, now=now)
        await tracing.retrace(connection, [kept], agencies)
    return kept
