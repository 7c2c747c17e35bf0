"""Claimed jobs at work: so many at once in all, so many at once for each site, and no site in another's way."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from typing import Generic, TypeVar

J = TypeVar("J")

#: Takes how many are wanted and the sites that have enough; returns claimed jobs, at most as many as wanted.
Claim = Callable[[int, Collection[str]], Awaitable[list[J]]]

#: Claimed jobs kept waiting for each one at work: enough that a free place is filled at once.
AHEAD = 2


class Dispatcher(Generic[J]):
    """Runs jobs as they are claimed, in the order of their claims within a site.

    A site with a long queue holds `per_site` places and no more; its further jobs wait here or unclaimed, and take
    no place from other sites.  `work` must handle its job's failures itself; what it raises ends the dispatcher.
    """

    def __init__(
        self,
        *,
        claim: Claim[J],
        work: Callable[[J], Awaitable[None]],
        site: Callable[[J], str],
        limit: int,
        per_site: int,
    ) -> None:
        self._claim = claim
        self._work = work
        self._site = site
        self._limit = limit
        self._per_site = per_site
        self._waiting: dict[str, deque[J]] = {}
        self._at_work: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._stopping = False

    @property
    def at_work(self) -> int:
        """How many jobs run now."""
        return sum(self._at_work.values())

    @property
    def waiting(self) -> int:
        """How many claimed jobs wait for their turn."""
        return sum(map(len, self._waiting.values()))

    @property
    def is_full(self) -> bool:
        """Whether all places are taken."""
        return self.at_work >= self._limit

    @property
    def busy_sites(self) -> set[str]:
        """The sites that have a job at work or waiting."""
        return {*self._at_work, *self._waiting}

    def nudge(self) -> None:
        """Look for jobs now."""
        self._wake.set()

    def stop(self) -> None:
        """Begin nothing new; `run` ends when what is at work has ended."""
        self._stopping = True
        self._waiting.clear()
        self._wake.set()

    async def run(self) -> None:
        """Claim and run jobs until `stop`."""
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping:
                await self._fill(tasks)
                await self._wake.wait()
                self._wake.clear()

    async def run_dry(self) -> None:
        """Claim and run jobs until there are none left to claim."""
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping:
                await self._fill(tasks)
                if not self.at_work and not self.waiting:
                    return
                await self._wake.wait()
                self._wake.clear()

    async def _fill(self, tasks: asyncio.TaskGroup) -> None:
        """Claim as many jobs as there is room for, again as long as all that was asked for came."""
        while (wanted := self._room()) > 0 and not self._stopping:
            jobs = await self._claim(wanted, [site for site in self._waiting if self._has_enough(site)])
            for job in jobs:
                self._waiting.setdefault(self._site(job), deque()).append(job)
            self._start(tasks)
            if len(jobs) < wanted:
                return

    def _room(self) -> int:
        # What a site has waiting beyond its share does not count, or one site's queue would keep others out.
        deep = self._per_site * AHEAD
        useful = sum(min(len(jobs), deep) for jobs in self._waiting.values())
        return self._limit * (1 + AHEAD) - self.at_work - useful

    def _has_enough(self, site: str) -> bool:
        return len(self._waiting.get(site, ())) >= self._per_site * AHEAD

    def _start(self, tasks: asyncio.TaskGroup) -> None:
        if self._stopping:
            self._waiting.clear()
        free = self._limit - self.at_work
        for site in list(self._waiting):
            jobs = self._waiting[site]
            while jobs and free > 0 and self._at_work.get(site, 0) < self._per_site:
                self._at_work[site] = self._at_work.get(site, 0) + 1
                free -= 1
                tasks.create_task(self._one(jobs.popleft(), site, tasks))
            if not jobs:
                del self._waiting[site]
            if free <= 0:
                return

    async def _one(self, job: J, site: str, tasks: asyncio.TaskGroup) -> None:
        try:
            await self._work(job)
        finally:
            self._at_work[site] -= 1
            if not self._at_work[site]:
                del self._at_work[site]
        if not self._stopping:
            # The site that was served goes to the end of the line.
            if site in self._waiting:
                self._waiting[site] = self._waiting.pop(site)
            self._start(tasks)
        if self.waiting < self._limit:
            self._wake.set()
