"""The newsroom: four publishers on the loopback that publish their stories over time."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Self

from ingestd.demo import dispatches
from ingestd.demo.agency import Agency
from ingestd.demo.arrivals import Arrivals
from ingestd.demo.dispatches import Dispatch
from ingestd.demo.expected import ExpectedContent, ExpectedWire, expected_content, expected_wire
from ingestd.demo.names import NameServer
from ingestd.demo.outlets import OUTLETS, Outlet
from ingestd.demo.site import Site
from ingestd.demo.stories import Version, last_change, load, version


class Newsroom:
    """Two agencies and two papers, each with its own server on 127.0.0.1.

    With `names` each has a host of its own, as in `meridianpress.localhost`, which `name_server` resolves.

    `pace` is the number of seconds of the newsroom's time in one second of `clock`; at 1 the last story is published
    after 24 seconds.  The served content depends only on that time, except for the times in the messages of the wire
    agency: embargoes end by the wall clock.
    """

    def __init__(self, *, names: bool = False, pace: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace = pace
        #: Set once everything has been published.
        self.finished = asyncio.Event()
        self._clock = clock
        self._opened = clock()
        self._stories = load()
        #: Who asked for what, and when.
        self.arrivals = Arrivals(clock)
        #: The servers of the feeds; each counts its requests.
        self.sites = tuple(
            Site(outlet, partial(self._published, outlet), log=self.arrivals, named=names) for outlet in OUTLETS
        )
        self._dispatches = dispatches.load()
        #: The agency that sends NewsML-G2.
        self.agency = Agency(self._sent, log=self.arrivals, named=names)
        self.name_server = NameServer()
        self._stack = AsyncExitStack()
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.name_server.close)
            await self.name_server.open()
            for site in self.sites:
                stack.push_async_callback(site.close)
                await site.open()
            stack.push_async_callback(self.agency.close)
            await self.agency.open(now=datetime.now(UTC), pace=self.pace)
            self._opened = self._clock()
            self._check_finished()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._timer:
            self._timer.cancel()
        await self._stack.aclose()

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """URL and title of each feed."""
        return tuple((site.feed_url, site.outlet.title) for site in self.sites)

    @property
    def expected(self) -> ExpectedContent:
        """What a daemon that misses nothing holds of the feeds once everything is published."""
        return expected_content(self._stories, {site.feed_url: site.outlet for site in self.sites})

    @property
    def expected_wire(self) -> ExpectedWire:
        """What a daemon that misses nothing holds of the wire agency once everything is sent."""
        return expected_wire(self._dispatches)

    @property
    def elapsed(self) -> float:
        """Seconds of the newsroom's own time since it opened."""
        return (self._clock() - self._opened) * self.pace

    def _published(self, outlet: Outlet) -> tuple[Version, ...]:
        """Return the stories published so far, latest first; an edit does not move a story to the top."""
        now = self.elapsed
        own = sorted((story for story in self._stories if story.outlet == outlet.slug), key=lambda story: -story.after)
        return tuple(current for story in own if (current := version(story, now)))

    def _sent(self) -> tuple[Dispatch, ...]:
        """Return the dispatches sent so far, first one first."""
        now = self.elapsed
        return tuple(dispatch for dispatch in self._dispatches if dispatch.after <= now)

    def _check_finished(self) -> None:
        """Set `finished` once everything is published; until then, check again when it should be."""
        left = max(last_change(self._stories), dispatches.last_change(self._dispatches)) - self.elapsed
        if left <= 0:
            self.finished.set()
        else:
            self._timer = asyncio.get_running_loop().call_later(left / self.pace, self._check_finished)
