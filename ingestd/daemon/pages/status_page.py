"""Query the content of the status page, and keep the latest for when the database does not answer."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TypeVar

from ingestd.daemon.bounded_query import BoundedQuery, QueryResult
from ingestd.daemon.health import Health
from ingestd.daemon.pages.rendering import LATEST_ROWS, SOURCE_ROWS, Lists, render
from ingestd.errors import StoreError
from ingestd.store.consumers import figures
from ingestd.store.nodes.listing import list_nodes
from ingestd.store.operations import failures, overview
from ingestd.store.stories import listing
from ingestd.store.stories.listing import Chosen
from ingestd.times import iso

T = TypeVar("T")

#: The stories that the page names: those of the last day that most publishers carry.
_DAY, _STORIES = timedelta(days=1), 5

#: How old the lists and counts may be (seconds): one age for both, since older counts would contradict the lists.
_MAX_AGE = 2.0

#: The part of the time that counting may take: seconds in a database of millions of rows, whose counts are therefore
#: some minutes old, which the page says.
_MAX_COUNTING = 0.01

#: Age in seconds from which the page says when it counted.
_OLD_COUNTS = 30.0

#: Seconds that the page waits for its first counts; it is shown without them if they take longer.
COUNT_WAIT = 0.2

#: Seconds after which counting is given up.
_COUNT_TIMEOUT = 600.0


class StatusPage:
    """Renders the status page, with the latest known content when the database does not answer."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self.lists = BoundedQuery(self._read_lists)
        self.counts = BoundedQuery(self._read_counts, timeout=_COUNT_TIMEOUT)

    async def close(self) -> None:
        """Cancel the queries in progress."""
        await asyncio.gather(self.lists.close(), self.counts.close())

    async def render(self, *, logged_in: bool = False) -> str:
        """Return the page within `bounded_query.WAIT`; `logged_in` adds a way to log out."""
        # Concurrently: in sequence the waits would add up.
        report, (lists, note), counts = await asyncio.gather(
            self._health.report(), _current_or_last(self.lists), self._latest_counts()
        )
        return render(
            report,
            lists.value if lists else None,
            counts.value if counts else None,
            counted_at=counts.at if counts and monotonic() - counts.monotonic_at > _OLD_COUNTS else None,
            note=note,
            logged_in=logged_in,
        )

    async def _latest_counts(self) -> QueryResult[dict[str, int]] | None:
        with suppress(StoreError):
            return await self.counts.latest(max_age=_MAX_AGE, max_load=_MAX_COUNTING, wait=COUNT_WAIT)
        return self.counts.last

    async def _read_lists(self) -> Lists:
        async with self._health.service.runtime.database.read() as connection:
            nodes = await list_nodes(connection)
            unwell = [one for one in await figures.read(connection) if not one.is_well]
            return Lists(
                sources=await overview.sources_by_failures(connection, limit=SOURCE_ROWS),
                polls=await overview.last_polls(connection, limit=LATEST_ROWS),
                records=await overview.last_records(connection, limit=LATEST_ROWS),
                failures=await failures.latest(connection, limit=LATEST_ROWS),
                stories=await listing.most_carried(connection, _day()),
                consumers=tuple(unwell[:LATEST_ROWS]),
                more_consumers=max(0, len(unwell) - LATEST_ROWS),
                nodes=tuple(nodes[:LATEST_ROWS]) if len(nodes) > 1 else (),
            )

    async def _read_counts(self) -> dict[str, int]:
        async with self._health.service.runtime.database.read() as connection:
            return await overview.summary(connection)


def _day() -> Chosen:
    return Chosen(since=datetime.now(UTC) - _DAY, min_carriers=2, limit=_STORIES)


async def _current_or_last(query: BoundedQuery[T]) -> tuple[QueryResult[T] | None, str | None]:
    """Return the current result and None; without an answer, the last result or None, and a note that says so."""
    try:
        return await query.result(max_age=_MAX_AGE), None
    except StoreError as error:
        if query.last is None:
            return None, f"{error}: there is nothing to show yet"
        return query.last, f"{error}: the lists are from {iso(query.last.at)}"
