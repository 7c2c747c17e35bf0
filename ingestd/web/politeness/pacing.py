"""One request of a site at a time, and a pause after it: in this process, and in all of this host."""

import asyncio
import random
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType

from ingestd.web.politeness.host_locks import MAX_SLOTS, HostLocks

#: A hold that is longer (seconds) is not waited for: whoever wants a turn has better things to do.
PATIENCE = 10.0

# Sites with a delay of their own that are remembered, and origins of each that ask for one: anybody may make up hosts.
_SLOW_SITES, _SLOW_ORIGINS = 10_000, 16

# The lock of a site that is no slot, see `Pacing._lock`.
_DOOR = MAX_SLOTS - 1


class OnHold(Exception):
    """There is no turn for another `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Pacing:
    """Hands out turns at sites, first come, first served.

    A site has `concurrency` slots, and a turn is one of them, taken for the request and for `delay` seconds after
    it, or until a hold is over.  `shared` is a lock file: all processes of the host that name the same one keep
    the limits together, with one Pacing a process.

    Nothing is kept of a site that is idle but a delay of its own, and of those the ones used last.  Belongs to the
    event loop it is used in.
    """

    def __init__(self, *, concurrency: int = 1, delay: float = 1.0, shared: Path | None = None) -> None:
        if not 1 <= concurrency <= _DOOR:
            raise ValueError(f"concurrency is from 1 to {_DOOR}, not {concurrency}")
        self._concurrency = concurrency
        self._delay = delay
        self._sites: dict[str, _Site] = {}
        self._slow: OrderedDict[str, dict[Hashable, float]] = OrderedDict()
        self._locks = HostLocks(shared) if shared else None

    @property
    def busy_sites(self) -> int:
        """How many sites are in use, in their delay, waited for or held."""
        return len(self._sites)

    def at(self, site: str) -> "Turn":
        """Return a context for `async with`: entering waits for the site's turn, leaving starts the delay.

        Entering raises OnHold when the site is held for longer than PATIENCE, or comes to be while we wait.
        """
        return Turn(self, site)

    def hold(self, site: str, seconds: float) -> None:
        """Let nothing start at a site for some seconds; a hold that is longer already stays as it is."""
        state = self._state(site)
        state.held_until = max(state.held_until, monotonic() + seconds)
        if (left := self.held_for(site)) > PATIENCE:
            while state.waiting:
                waiter = state.waiting.popleft()
                if not waiter.done():
                    waiter.set_exception(OnHold(left))
        self._wake(site)

    def slow_down(self, site: str, origin: Hashable, delay: float) -> None:
        """Let the delay that an origin asks for (seconds) be longer than everybody's; a delay that is not ends that.

        The longest of its origins' counts for the whole site.
        """
        origins = self._slow.pop(site, {})
        origins.pop(origin, None)
        if delay > self._delay:
            origins[origin] = delay
            if len(origins) > _SLOW_ORIGINS:
                del origins[min(origins, key=origins.__getitem__)]
        if origins:
            self._slow[site] = origins
            if len(self._slow) > _SLOW_SITES:
                self._slow.popitem(last=False)

    def held_for(self, site: str) -> float:
        """Return the seconds a site is still held, 0 when it is not."""
        state = self._sites.get(site)
        return max(0.0, state.held_until - monotonic()) if state else 0.0

    def ready(self, site: str) -> bool:
        """Say whether a turn would be given at once."""
        state = self._sites.get(site)
        if state and (state.waiting or not state.free or state.held_until > monotonic()):
            return False
        return self._locks is None or self._may_lock(self._locks, site, state)

    def close(self) -> None:
        """Give back what is locked on the host, be it for turns that are still out or for delays that still run."""
        if self._locks:
            self._locks.close()

    async def take(self, site: str) -> int:
        """Wait for a turn and return its slot; whoever takes one gives it back.  `at` does both."""
        self._look_for_hold(site)
        state = self._state(site)
        if state.free and not state.waiting and state.held_until <= monotonic():
            slot = state.free.popleft()
        else:
            slot = await self._wait(site, state)
        return slot if self._locks is None else await self._lock(self._locks, site, state, slot)

    def give_back(self, site: str, slot: int) -> None:
        """End a turn: its slot is free again after the delay, or when the site's hold is over."""
        wait = max(self._delay, *self._slow.get(site, {}).values(), self.held_for(site))
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._free, site, slot)
        else:
            self._free(site, slot)

    def _look_for_hold(self, site: str) -> None:
        if (seconds := self.held_for(site)) > PATIENCE:
            raise OnHold(seconds)

    def _state(self, site: str) -> "_Site":
        state = self._sites.get(site)
        if state is None:
            state = self._sites[site] = _Site(self._concurrency)
        return state

    async def _wait(self, site: str, state: "_Site") -> int:
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        state.waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                with suppress(ValueError):
                    state.waiting.remove(waiter)
            elif waiter.exception() is None:  # its turn came in the same instant
                self._free(site, waiter.result())
            raise

    async def _lock(self, locks: HostLocks, site: str, state: "_Site", slot: int) -> int:
        """Lock a slot, or another that is free, on the whole host; wait while other processes have them all.

        Who waits for a slot waits behind the site's door and keeps it locked.  So a process that has many more
        requests for the site finds the door shut as it comes back, and the others have their turns as well.
        """
        pauses, entered = _pauses(), False
        try:
            while True:
                entered = entered or locks.lock(site, _DOOR)
                for _ in range(self._concurrency if entered else 0):
                    if locks.lock(site, slot):
                        return slot
                    state.free.append(slot)
                    slot = state.free.popleft()
                await asyncio.sleep(next(pauses))
                self._look_for_hold(site)
        except (asyncio.CancelledError, OnHold):
            self._free(site, slot)
            raise
        finally:
            if entered:
                locks.unlock(site, _DOOR)

    def _may_lock(self, locks: HostLocks, site: str, state: "_Site | None") -> bool:
        slots = state.free if state else range(self._concurrency)
        return locks.is_free(site, _DOOR) and any(locks.is_free(site, slot) for slot in slots)

    def _free(self, site: str, slot: int) -> None:
        if self._locks:
            self._locks.unlock(site, slot)
        self._sites[site].free.append(slot)
        self._wake(site)

    def _wake(self, site: str) -> None:
        """Give free slots to those who wait, or see to it when the hold is over; forget a site that is idle."""
        state = self._sites[site]
        if state.alarm:
            state.alarm.cancel()
            state.alarm = None
        wait = state.held_until - monotonic() if state.held_until else 0
        if wait > 0:
            state.alarm = asyncio.get_running_loop().call_later(wait, self._wake, site)
            return
        while state.free and state.waiting:
            waiter = state.waiting.popleft()
            if not waiter.done():
                waiter.set_result(state.free.popleft())
        if len(state.free) == self._concurrency:
            del self._sites[site]


class Turn:
    """A turn at a site, to be entered once."""

    __slots__ = ("_pacing", "_site", "_slot")

    def __init__(self, pacing: Pacing, site: str) -> None:
        self._pacing, self._site, self._slot = pacing, site, -1

    async def __aenter__(self) -> None:
        self._slot = await self._pacing.take(self._site)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pacing.give_back(self._site, self._slot)


class _Site:
    """What is known of a site that is not idle."""

    __slots__ = ("alarm", "free", "held_until", "waiting")

    def __init__(self, slots: int) -> None:
        self.free = deque(range(slots))
        self.waiting: deque[asyncio.Future[int]] = deque()
        #: Monotonic; 0 when there never was a hold.
        self.held_until = 0.0
        #: Wakes the site when its hold is over.
        self.alarm: asyncio.TimerHandle | None = None


def _pauses() -> Iterator[float]:
    """Yield the seconds between two looks at what another process has locked: 0.05 at first, 0.2 at the most."""
    seconds = 0.05
    while True:
        # Not in step with the other processes: one that always looks a moment later never gets it.
        yield seconds * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        seconds = min(seconds * 1.5, 0.2)
