"""The sizes of tables and archive, measured now and then for the metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from ingestd.archive.protocol import Archive, Usage
from ingestd.store.database import Database
from ingestd.store.retention.usage import TableUsage, table_usage

#: Seconds between two measurements, at least, and as a multiple of the time that the last one took: SQLite has to read
#: all pages of a database to tell the sizes of its tables.
_PAUSE, _PAUSE_FACTOR = 3600.0, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What tables and kinds of documents took when they were measured."""

    tables: Sequence[TableUsage]
    archive: Sequence[Usage]


class UsageFigures:
    """Measures when it is due; `latest` is None before the first time."""

    def __init__(self) -> None:
        self.latest: Figures | None = None
        self._due_at = 0.0

    async def measure(self, database: Database, archive: Archive) -> None:
        """Measure, unless the last time was a short while ago; raises StoreError or ArchiveError."""
        started = monotonic()
        if self.latest and started < self._due_at:
            return
        async with database.read() as connection:
            tables = await table_usage(connection, now=datetime.now(UTC), is_exact=False)
        self.latest = Figures(tables=tables, archive=await archive.usage())
        ended = monotonic()
        self._due_at = ended + max(_PAUSE, _PAUSE_FACTOR * (ended - started))
