"""Run claimed jobs concurrently, with a limit overall and a limit per site."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)

J = TypeVar("J")

#: Claims jobs: takes the number wanted and the sites to leave out; returns no more jobs than wanted.
Claim = Callable[[int, Collection[str]], Awaitable[list[J]]]

#: Claimed jobs kept waiting per running job, so that a free slot is filled at once.
AHEAD = 2


class Dispatcher(Generic[J]):
    """Concurrent runner of claimed jobs, in the order of their claims within each site.

    At most `limit` jobs run at once, and at most `per_site` of one site; a long queue of one site does not delay the
    jobs of others.  `work` must handle the failures of its job; an exception that it or `claim` raises is logged.
    For each job that runs, `ahead` are claimed and wait.
    """

    def __init__(
        self,
        *,
        claim: Claim[J],
        work: Callable[[J], Awaitable[None]],
        site: Callable[[J], str],
        limit: int,
        per_site: int,
        ahead: int = AHEAD,
    ) -> None:
        self._claim = claim
        self._work = work
        self._site = site
        self._limit = limit
        self._per_site = per_site
        self._waiting: dict[str, deque[J]] = {}
        self._at_work: dict[str, int] = {}
        # Once this many jobs are left, more are claimed.
        self._claim_at = self._enough = limit * (1 + ahead)
        # Waiting jobs of a site that count.
        self._share = per_site * ahead
        self._wake = asyncio.Event()
        self._stopping = False

    @property
    def at_work(self) -> int:
        """Number of running jobs."""
        return sum(self._at_work.values())

    @property
    def waiting(self) -> int:
        """Number of claimed jobs that are not running yet."""
        return sum(map(len, self._waiting.values()))

    @property
    def is_full(self) -> bool:
        """Whether as many jobs run as the limit allows."""
        return self.at_work >= self._limit

    @property
    def busy_sites(self) -> set[str]:
        """The sites that have a running or waiting job."""
        return {*self._at_work, *self._waiting}

    def withdraw(self, site: str, which: Callable[[J], bool] = lambda _: True) -> list[J]:
        """Return waiting jobs of a site, which then do not run: the caller has to release their claims."""
        waiting = self._waiting.pop(site, deque())
        if left := deque(job for job in waiting if not which(job)):
            self._waiting[site] = left
        return [job for job in waiting if which(job)]

    def nudge(self) -> None:
        """Claim new jobs now."""
        self._wake.set()

    def stop(self) -> None:
        """Start no more jobs; `run` ends when the running ones have ended."""
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

    async def run_until_idle(self) -> None:
        """Claim and run jobs until no more can be claimed."""
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping:
                await self._fill(tasks)
                if not self.at_work and not self.waiting:
                    return
                await self._wake.wait()
                self._wake.clear()

    async def _fill(self, tasks: asyncio.TaskGroup) -> None:
        """Claim and start jobs until there are enough, or no more to claim."""
        while (wanted := self._count_wanted()) > 0 and not self._stopping:
            without_sites = [site for site in self._waiting if self._has_enough(site)]
            jobs = await self._claim_logged(wanted, without_sites)
            for job in jobs:
                self._waiting.setdefault(self._site(job), deque()).append(job)
            self._start(tasks)
            if len(jobs) < wanted:
                # There are no more, but those that come, of which `nudge` tells, and those that wait for the end of a
                # job of their site or address.
                self._claim_at = (self.at_work + self.waiting) // 2 if not without_sites else self._enough
                return
            self._claim_at = self._enough

    async def _claim_logged(self, wanted: int, without_sites: Collection[str]) -> list[J]:
        try:
            return await self._claim(wanted, without_sites)
        except Exception:
            log.exception("bug", doing="claim")
            return []

    def _count_wanted(self) -> int:
        # Waiting jobs beyond a site's share do not count; otherwise a long queue of one site would prevent claims for
        # other sites.
        useful = sum(min(len(jobs), self._share) for jobs in self._waiting.values())
        return self._enough - self.at_work - useful

    def _has_enough(self, site: str) -> bool:
        return len(self._waiting.get(site, ())) >= self._share

    def _start(self, tasks: asyncio.TaskGroup) -> None:
        if self._stopping:
            self._waiting.clear()
        free = self._limit - self.at_work
        for site in list(self._waiting):
            jobs = self._waiting[site]
            while jobs and free > 0 and self._at_work.get(site, 0) < self._per_site:
                self._at_work[site] = self._at_work.get(site, 0) + 1
                free -= 1
                tasks.create_task(self._run_job(jobs.popleft(), site, tasks))
            if not jobs:
                del self._waiting[site]
            if free <= 0:
                return

    async def _run_job(self, job: J, site: str, tasks: asyncio.TaskGroup) -> None:
        try:
            await self._work(job)
        except Exception:
            log.exception("bug", site=site)
        finally:
            self._at_work[site] -= 1
            if not self._at_work[site]:
                del self._at_work[site]
        if not self._stopping:
            # This site goes to the end of the queue, so that sites take turns.
            if site in self._waiting:
                self._waiting[site] = self._waiting.pop(site)
            self._start(tasks)
        if self.waiting < self._limit and self.at_work + self.waiting <= self._claim_at:
            self._wake.set()
