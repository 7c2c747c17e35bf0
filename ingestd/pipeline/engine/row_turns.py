"""Permissions to ask sites, as rows that all machines on one PostgreSQL database share."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import Held, StoreError
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.outages import log_failure
from ingestd.store.work import manners
from ingestd.store.work.manners import News, Taken, Taking
from ingestd.web.politeness.shared_turns import Failures, Permission

log = structlog.get_logger(__name__)

#: Seconds until a permission is asked for again after the database could not tell.
_WITHOUT_DATABASE = 10.0

#: Seconds for which sites are kept that may be given back, since the next request often follows at once.
_KEPT = 0.1

#: Seconds between two tries to store what was learned, while the database is unavailable.
_AFTER_FAILURE = 2.0

#: Seconds between two looks for sites that the run has without knowing it.
SWEEP = 10.0


class RowTurns:
    """`SharedTurns` of one run; see `store.work.manners`.  Use `open_row_turns`."""

    def __init__(self, database: Database, run_id: str, takes: Batches[Taking, Taken]) -> None:
        self._database = database
        self._run_id = run_id
        self._takes = takes
        #: Sites of this run, each with the number of its last permission, and those that it is asking for.
        self._numbers: dict[str, int] = {}
        self._asking: Counter[str] = Counter()
        #: What is not stored yet; what of it is just being stored.
        self._news: dict[str, _News] = {}
        self._storing: dict[str, _News] = {}
        self._has_news = asyncio.Event()
        self._wakes_soon = False
        self._one_at_a_time = asyncio.Lock()

    async def take(self, site: str, delay: float) -> Permission:
        """Commit the site's next time and return whether it may be asked; see `SharedTurns.take`."""
        if (news := self._news.get(site)) and news.given_back:
            self._numbers[site], news.given_back = news.given_back, 0
            if not (news.held_until or news.delay or news.failures):
                del self._news[site]
        self._asking[site] += 1
        try:
            taken = await self._takes.put(Taking(site=site, delay=delay))
        except StoreError as error:
            raise Held(site, "the database cannot say whether the site may be asked", _WITHOUT_DATABASE) from error
        finally:
            self._asking[site] -= 1
            if not self._asking[site]:
                del self._asking[site]
        failures, pending = None, [news for news in (self._news.get(site), self._storing.get(site)) if news]
        if taken.is_granted:
            # Nobody had the site since the last permission if this one has the next number.
            is_next = taken.number <= self._numbers.get(site, 0) + 1
            if not is_next and not any(news.failures for news in pending):
                failures = Failures(count=taken.failures.count, wait=taken.failures.wait, left=taken.failures.left)
            self._numbers[site] = max(taken.number, self._numbers.get(site, 0))
        return Permission(
            is_granted=taken.is_granted,
            held_for=taken.held_for,
            wait=taken.wait,
            delay=taken.delay,
            delay_origin=None if any(news.delay for news in pending) else taken.delay_origin,
            failures=failures,
            network=taken.network,
        )

    def give_back(self, site: str, wait: float) -> None:
        """Give a site back soon, together with others; see `SharedTurns.give_back`."""
        # Without a number it was not granted, or nobody heard of it: `sweep` finds it.
        if number := self._numbers.pop(site, 0):
            news = self._news.setdefault(site, _News())
            news.given_back, news.idle_at = number, monotonic() + wait
            if not self._wakes_soon:
                self._wakes_soon = True
                asyncio.get_running_loop().call_later(_KEPT, self._wake)

    def _wake(self) -> None:
        self._wakes_soon = False
        self._has_news.set()

    def learn_hold(self, site: str, seconds: float) -> None:
        """Store a hold at once; see `SharedTurns.learn_hold`."""
        news = self._of(site)
        news.held_until = max(news.held_until, monotonic() + seconds)

    def learn_delay(self, site: str, delay: float, *, origin: str | None, changed: str) -> None:
        """Store a delay, before the site is given back; see `SharedTurns.learn_delay`."""
        self._of(site).delay = (delay, origin, changed)

    def learn_failures(self, site: str, failures: Failures) -> None:
        """Store how a site fails, before it is given back; see `SharedTurns.learn_failures`."""
        news = self._of(site)
        news.failures, news.failing_until = failures, monotonic() + failures.left

    def learn_network(self, site: str, network: str) -> None:
        """Store the network of a site with its other news; see `SharedTurns.learn_network`."""
        self._of(site).network = network

    def _of(self, site: str) -> "_News":
        self._has_news.set()
        return self._news.setdefault(site, _News())

    async def store_news(self) -> None:
        """Store what sites ask for and give sites back, until cancelled."""
        swept_at = monotonic()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP):
                    await self._has_news.wait()
            self._has_news.clear()
            try:
                await self.store()
                if monotonic() - swept_at >= SWEEP:
                    swept_at = monotonic()
                    await self.sweep()
            except StoreError as error:
                log_failure(log, "manners not stored yet", error)
                self._has_news.set()
                await asyncio.sleep(_AFTER_FAILURE)

    async def store(self) -> None:
        """Store what sites ask for and give sites back, now."""
        async with self._one_at_a_time:
            if self._news:
                await self._store()

    async def _store(self) -> None:
        self._news, self._storing = {}, self._news
        try:
            async with self._database.write() as connection:
                await manners.store(
                    connection, self._run_id, [news.to_store(site) for site, news in self._storing.items()]
                )
        except BaseException:
            for site, news in self._storing.items():
                self._news[site] = news.followed_by(self._news[site]) if site in self._news else news
                if site in self._numbers or site in self._asking:
                    self._news[site].given_back = 0
            raise
        finally:
            self._storing = {}

    async def sweep(self) -> None:
        """Give back sites that this run has without knowing it: the answer to a permission was lost."""
        asking = {*self._asking}
        async with self._database.read() as connection:
            taken = await manners.of_run(connection, self._run_id)
        known = {*self._numbers, *self._asking, *self._news, *asking}
        for site in taken.keys() - known:
            self._numbers[site] = taken[site]
            self.give_back(site, 0.0)

    async def give_all_back(self) -> None:
        """Give all sites of this run back, each with its delay still to keep."""
        await self.store()
        async with self._database.write() as connection:
            await manners.release(connection, [self._run_id])


@dataclass(slots=True)
class _News:
    """What is not stored yet about a site; times are monotonic seconds."""

    held_until: float = 0.0
    #: The longest delay, its origin, and the origin that has changed its own.
    delay: tuple[float, str | None, str] | None = None
    failures: Failures | None = None
    failing_until: float = 0.0
    #: The number of the permission that is given back; 0: none is.
    given_back: int = 0
    idle_at: float = 0.0
    network: str | None = None

    def followed_by(self, later: "_News") -> "_News":
        """Return what both say together; the later one counts more."""
        is_given = bool(later.given_back)
        return _News(
            held_until=max(self.held_until, later.held_until),
            delay=later.delay or self.delay,
            failures=later.failures or self.failures,
            failing_until=later.failing_until if later.failures else self.failing_until,
            given_back=later.given_back or self.given_back,
            idle_at=later.idle_at if is_given else self.idle_at,
            network=later.network or self.network,
        )

    def to_store(self, site: str) -> News:
        """Return what is stored of it now."""
        now = monotonic()
        delay, origin, changed = self.delay or (None, None, None)
        failures = None
        if self.failures:
            left = max(0.0, self.failing_until - now)
            failures = manners.Failures(count=self.failures.count, wait=self.failures.wait, left=left)
        return News(
            site=site,
            held_for=max(0.0, self.held_until - now),
            delay=delay,
            delay_origin=origin,
            changed_origin=changed,
            failures=failures,
            given_back=self.given_back,
            wait=max(0.0, self.idle_at - now),
            network=self.network,
        )


@asynccontextmanager
async def open_row_turns(database: Database, run_id: str) -> AsyncIterator[RowTurns]:
    """Open the shared turns of a run; at the end it gives all its sites back."""
    async with Batches[Taking, Taken](database, partial(_take, run_id)) as takes:
        turns = RowTurns(database, run_id, takes)
        storing = asyncio.create_task(turns.store_news(), name="manners")
        try:
            yield turns
        finally:
            storing.cancel()
            await asyncio.wait([storing])
            try:
                await turns.give_all_back()
            except StoreError as error:
                # The end of the run does it as well.
                log_failure(log, "sites not given back", error)


async def _take(run_id: str, connection: AsyncConnection, wishes: Sequence[Taking]) -> list[Taken]:
    return await manners.take(connection, run_id, wishes)
