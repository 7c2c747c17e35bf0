"""The newsroom: four publishers on the loopback whose stories come out while one looks on."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Self

from ingestd.demo import dispatches
from ingestd.demo.agency import Agency
from ingestd.demo.dispatches import Dispatch
from ingestd.demo.expected import Expected, WireExpected, expect, expect_of_wire
from ingestd.demo.outlets import OUTLETS, Outlet
from ingestd.demo.site import Site
from ingestd.demo.stories import Version, last_change, load, version


class Newsroom:
    """Two agencies and two papers, each with a server of its own on 127.0.0.1.

    `pace` is how many seconds of the newsroom's own time pass in one second of `clock`; at 1 the last story
    is out after 24 seconds.  What it serves depends on that time alone, but for the times in the
    messages of the wire agency: embargoes end by the wall clock.
    """

    def __init__(self, *, pace: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace = pace
        #: Set once everything has been published.
        self.finished = asyncio.Event()
        self._clock = clock
        self._opened = clock()
        self._stories = load()
        #: Each with the counts of what it was asked.
        self.sites = tuple(Site(outlet, partial(self._published, outlet)) for outlet in OUTLETS)
        self._dispatches = dispatches.load()
        #: The agency that sends NewsML-G2.
        self.agency = Agency(self._sent)
        self._stack = AsyncExitStack()
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for site in self.sites:
                stack.push_async_callback(site.close)
                await site.open()
            stack.push_async_callback(self.agency.close)
            await self.agency.open(now=datetime.now(UTC), pace=self.pace)
            self._opened = self._clock()
            self._watch()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._timer:
            self._timer.cancel()
        await self._stack.aclose()

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """The feeds: URL and title of each."""
        return tuple((site.feed_url, site.outlet.title) for site in self.sites)

    @property
    def expected(self) -> Expected:
        """What a daemon that misses nothing holds once everything is out."""
        return expect(self._stories, {site.feed_url: site.outlet for site in self.sites})

    @property
    def expected_of_wire(self) -> WireExpected:
        """What becomes of the items of the wire agency, once everything is out."""
        return expect_of_wire(self._dispatches)

    @property
    def elapsed(self) -> float:
        """Seconds of the newsroom's own time since it opened."""
        return (self._clock() - self._opened) * self.pace

    def _published(self, outlet: Outlet) -> tuple[Version, ...]:
        """Return what is out now, the latest first; an edit does not bring a story back to the top."""
        now = self.elapsed
        own = sorted((story for story in self._stories if story.outlet == outlet.slug), key=lambda story: -story.after)
        return tuple(out for story in own if (out := version(story, now)))

    def _sent(self) -> tuple[Dispatch, ...]:
        """Return what the wire agency has sent by now, the first first."""
        now = self.elapsed
        return tuple(dispatch for dispatch in self._dispatches if dispatch.after <= now)

    def _watch(self) -> None:
        """Look whether all is out, or else again at the time it should be."""
        left = max(last_change(self._stories), dispatches.last_moment(self._dispatches)) - self.elapsed
        if left <= 0:
            self.finished.set()
        else:
            self._timer = asyncio.get_running_loop().call_later(left / self.pace, self._watch)
