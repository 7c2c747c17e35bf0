"""The status page's content: asked of the database, and kept for when it has no answer."""

import asyncio
from typing import TypeVar

from ingestd.daemon.bounded_query import BoundedQuery
from ingestd.daemon.health import Health
from ingestd.daemon.pages.rendering import LATEST, SOURCES, Lists, render
from ingestd.errors import StoreError
from ingestd.store.operations import failures, overview
from ingestd.times import iso

T = TypeVar("T")

#: How old what is shown may be (seconds): to count everything is work in a database of millions, and
#: counts that are older than the lists below them would contradict them.
_FRESH = 2.0


class StatusPage:
    """Renders the page, whole or with what there is."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self.lists = BoundedQuery(self._read_lists)
        self.counts = BoundedQuery(self._read_counts)

    async def close(self) -> None:
        """Take back what the database was asked."""
        await asyncio.gather(self.lists.close(), self.counts.close())

    async def render(self) -> str:
        """Return the page, within the time that the database is waited for."""
        # Together: one after the other they would be waited for three times as long.
        asked = _now_or_last(self.lists, _FRESH), _now_or_last(self.counts, _FRESH)
        report, (lists, note), (counts, _) = await asyncio.gather(self._health.report(), *asked)
        return render(report, lists, counts, note=note)

    async def _read_lists(self) -> Lists:
        async with self._health.service.runtime.database.read() as connection:
            sources, total = await overview.foremost_sources(connection, limit=SOURCES)
            return Lists(
                sources=sources,
                sources_total=total,
                polls=await overview.last_polls(connection, limit=LATEST),
                records=await overview.last_records(connection, limit=LATEST),
                failures=await failures.latest(connection, limit=LATEST),
            )

    async def _read_counts(self) -> dict[str, int]:
        async with self._health.service.runtime.database.read() as connection:
            return await overview.summary(connection)


async def _now_or_last(inquiry: BoundedQuery[T], fresh: float) -> tuple[T | None, str | None]:
    """Return an answer; without one the last there was, or None, and a note that says so."""
    try:
        return (await inquiry.ask(fresh=fresh)).value, None
    except StoreError as error:
        if inquiry.last is None:
            return None, f"{error}: there is nothing to show yet"
        return inquiry.last.value, f"{error}: the lists are those of {iso(inquiry.last.at)}"
