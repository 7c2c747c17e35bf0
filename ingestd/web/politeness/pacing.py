"""Pace requests to each site: a few at a time, with a delay after each, across all processes of this host."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType

from ingestd.web.politeness.asked_delays import AskedDelays
from ingestd.web.politeness.host_groups import HostGroups
from ingestd.web.politeness.host_locks import MAX_SLOTS, HostLocks, pauses
from ingestd.web.politeness.shared_turns import Failures, SharedTurns
from ingestd.web.politeness.site_state import SiteState

#: Seconds; a turn does not wait for a hold longer than this but raises OnHold, so that the caller can do other work.
MAX_HOLD_WAIT = 10.0

# The lock that a process must hold to try a site's slots; see `Pacing._lock`.
_QUEUE_LOCK = MAX_SLOTS - 1

#: Seconds until a permission that was refused is asked for again.
_RETRY = 0.5


class OnHold(Exception):
    """The site is on hold for another `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Pacing:
    """Grants turns at sites, first come, first served.

    A site has `concurrency` slots.  A turn takes one slot for the request and for `delay` seconds after it, or until
    a hold ends.  `lock_file` shares the limits: all processes of the host that name the same file observe them
    together, with one Pacing in each process.  `shared` shares them as well with processes on other hosts.

    Of an idle site only its Crawl-delay is remembered, for the most recently used sites.  An instance belongs to the
    event loop it is used in.
    """

    def __init__(
        self,
        *,
        concurrency: int = 1,
        delay: float = 1.0,
        lock_file: Path | None = None,
        shared: SharedTurns | None = None,
    ) -> None:
        if not 1 <= concurrency <= _QUEUE_LOCK:
            raise ValueError(f"concurrency must be from 1 to {_QUEUE_LOCK}, not {concurrency}")
        self._concurrency = concurrency
        self._delay = delay
        self._sites: dict[str, SiteState] = {}
        self._delays = AskedDelays(delay)
        self._locks = HostLocks(lock_file) if lock_file else None
        self._shared = shared
        self.groups = HostGroups()
        if shared:
            self.groups.on_network = shared.learn_network
        #: Called with a site and its failures, as the process that had it before has left them.
        self.on_failures: Callable[[str, Failures], None] = lambda _site, _failures: None

    @property
    def busy_sites(self) -> int:
        """Number of sites with a turn taken, awaited or in its delay, or on hold."""
        return len(self._sites)

    def turn(self, site: str) -> "Turn":
        """Return a context for `async with`: entering waits for a slot of the site, leaving starts the delay.

        Entering raises OnHold when the site is, or comes to be, on hold for longer than MAX_HOLD_WAIT.
        """
        return Turn(self, site)

    def hold(self, site: str, seconds: float) -> None:
        """Start no request at a site for some seconds; a longer hold that is in force stays."""
        self._hold_here(site, seconds)
        if self._shared:
            self._shared.learn_hold(site, self.held_for(site))

    def _hold_here(self, site: str, seconds: float) -> None:
        state = self._state(site)
        state.held_until = max(state.held_until, monotonic() + seconds)
        if (left := self.held_for(site)) > MAX_HOLD_WAIT:
            while state.waiting:
                waiter = state.waiting.popleft()
                if not waiter.done():
                    waiter.set_exception(OnHold(left))
        self._wake(site)

    def set_delay(self, site: str, origin: str, delay: float, *, since: float | None = None) -> None:
        """Set the delay (seconds) that an origin asks for; a delay not longer than the default removes it.

        The longest delay among a site's origins applies to the whole site.  A longer one than was known applies from
        `since` on (monotonic seconds), when this process asked the site for its robots.txt with a shorter one.
        """
        before = self.delay_of(site)
        if self._delays.set(site, origin, delay) and self._shared:
            longest, asking = self._delays.longest(site), self._delays.asking(site)
            self._shared.learn_delay(site, longest, origin=asking, changed=origin)
            if since is not None and longest > before and (left := since + longest - monotonic()) > 0:
                self.hold(site, left)

    def share_failures(self, site: str, failures: Failures) -> None:
        """Let the next process that has a site know how it fails; only while a turn there is under way."""
        if self._shared:
            self._shared.learn_failures(site, failures)

    def delay_of(self, site: str) -> float:
        """Return the seconds between two requests at a site."""
        return max(self._delay, self._delays.longest(site))

    def held_for(self, site: str) -> float:
        """Return the seconds left of a site's hold, 0 when it is not on hold."""
        state = self._sites.get(site)
        return max(0.0, state.held_until - monotonic()) if state and state.held_until else 0.0

    def held_sites(self) -> set[str]:
        """Return the sites on hold."""
        now = monotonic()
        return {site for site, state in self._sites.items() if state.held_until > now}

    def wait_for(self, site: str) -> float:
        """Return the seconds until the delay after the last request at a site ends; 0 while one is under way."""
        state = self._sites.get(site)
        return max(0.0, state.idle_at - monotonic()) if state and not state.free and not state.under_way else 0.0

    def hand_over(self, site: str) -> None:
        """Let other processes have a site where no request is under way, once its delay and its hold have ended."""
        state = self._sites.get(site)
        if self._shared and state and not state.under_way and not state.waiting:
            self._shared.give_back(site, max(0.0, state.idle_at - monotonic()))

    def ready(self, site: str) -> bool:
        """Return whether a turn would be granted without waiting."""
        state = self._sites.get(site)
        if state and (state.waiting or not state.free or state.held_until > monotonic()):
            return False
        return self._locks is None or self._can_lock(self._locks, site, state)

    def close(self) -> None:
        """Release all locks on the host, including those of turns and delays that have not ended."""
        if self._locks:
            self._locks.close()

    async def acquire(self, site: str) -> int:
        """Wait for a turn and return its slot, for `release`; `turn` calls both."""
        state = self._state(site)
        self._check_hold(site)
        if state.free and not state.waiting and (not state.held_until or state.held_until <= monotonic()):
            slot = state.free.popleft()
        else:
            slot = await self._wait(site, state)
        if self._locks is not None:
            slot = await self._lock(self._locks, site, state, slot)
        try:
            if self._shared is not None:
                await self._take(self._shared, site)
            await self._wait_for_group(site)
        except BaseException:
            self._free_slot(site, slot)
            raise
        self._sites[site].under_way += 1
        return slot

    async def _take(self, shared: SharedTurns, site: str) -> None:
        """Wait for the permission to ask a site; raises OnHold when that takes longer than MAX_HOLD_WAIT."""
        began = monotonic()
        while True:
            permission = await shared.take(site, self.delay_of(site))
            if permission.delay_origin is not None:
                self._delays.set(site, permission.delay_origin, permission.delay)
            if permission.network is not None:
                self.groups.place(site, permission.network)
            if permission.is_granted:
                if permission.failures is not None:
                    self.on_failures(site, permission.failures)
                return
            if permission.held_for:
                self._hold_here(site, permission.held_for)
            if permission.wait > MAX_HOLD_WAIT or monotonic() - began > MAX_HOLD_WAIT:
                raise OnHold(max(permission.wait, _RETRY))
            await asyncio.sleep(max(permission.wait, _RETRY * random.uniform(0.5, 1.0)))  # noqa: S311

    async def _wait_for_group(self, site: str) -> None:
        """Wait until the sites that throttle together with this one leave it a request; raises OnHold."""
        wait, is_reserved = self.groups.reserve(site)
        if not is_reserved:
            self._hold_here(site, wait)  # the share of this process is used up, not that of others
            raise OnHold(wait)
        await asyncio.sleep(wait)

    def release(self, site: str, slot: int) -> None:
        """End a turn: its slot becomes free after the delay, or when the site's hold ends."""
        wait = max(self.delay_of(site), self.held_for(site))
        state = self._sites[site]
        state.under_way -= 1
        state.idle_at = max(state.idle_at, monotonic() + wait)
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._free_slot, site, slot)
        else:
            self._free_slot(site, slot)

    def _check_hold(self, site: str) -> None:
        if (seconds := self.held_for(site)) > MAX_HOLD_WAIT:
            raise OnHold(seconds)

    def _state(self, site: str) -> SiteState:
        state = self._sites.get(site)
        if state is None:
            state = self._sites[site] = SiteState(self._concurrency)
        return state

    async def _wait(self, site: str, state: SiteState) -> int:
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        state.waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                with suppress(ValueError):
                    state.waiting.remove(waiter)
            elif waiter.exception() is None:  # the slot was granted just before the cancellation
                self._free_slot(site, waiter.result())
            raise

    async def _lock(self, locks: HostLocks, site: str, state: SiteState, slot: int) -> int:
        """Lock a slot, or another free one, on the whole host; wait while other processes have all of them.

        A process must hold the site's queue lock to try the slots, and keeps it until it has one.  So a process with
        many requests for the site finds the queue lock taken when it returns, and the other processes get turns too.
        """
        waits, first_in_queue = pauses(), False
        try:
            while True:
                first_in_queue = first_in_queue or locks.lock(site, _QUEUE_LOCK)
                for _ in range(self._concurrency if first_in_queue else 0):
                    if locks.lock(site, slot):
                        return slot
                    state.free.append(slot)
                    slot = state.free.popleft()
                await asyncio.sleep(next(waits))
                self._check_hold(site)
        except (asyncio.CancelledError, OnHold):
            self._free_slot(site, slot)
            raise
        finally:
            if first_in_queue:
                locks.unlock(site, _QUEUE_LOCK)

    def _can_lock(self, locks: HostLocks, site: str, state: SiteState | None) -> bool:
        slots = state.free if state else range(self._concurrency)
        return locks.is_free(site, _QUEUE_LOCK) and any(locks.is_free(site, slot) for slot in slots)

    def _free_slot(self, site: str, slot: int) -> None:
        if self._locks:
            self._locks.unlock(site, slot)
        self._sites[site].free.append(slot)
        self._wake(site)

    def _wake(self, site: str) -> None:
        """Grant free slots to waiting requests, now or when the hold ends; drop the state of an idle site."""
        state = self._sites[site]
        if state.timer:
            state.timer.cancel()
            state.timer = None
        wait = state.held_until - monotonic() if state.held_until else 0
        if wait > 0:
            state.timer = asyncio.get_running_loop().call_later(wait, self._wake, site)
            return
        while state.free and state.waiting:
            waiter = state.waiting.popleft()
            if not waiter.done():
                waiter.set_result(state.free.popleft())
        if len(state.free) == self._concurrency:
            del self._sites[site]
            if self._shared:
                self._shared.give_back(site, 0.0)


class Turn:
    """One turn at a site; can be entered once."""

    __slots__ = ("_pacing", "_site", "_slot")

    def __init__(self, pacing: Pacing, site: str) -> None:
        self._pacing, self._site, self._slot = pacing, site, -1

    async def __aenter__(self) -> None:
        self._slot = await self._pacing.acquire(self._site)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pacing.release(self._site, self._slot)
