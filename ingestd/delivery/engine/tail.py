"""The end of the event log, read once for all consumers of this process."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Collection
from time import monotonic

from ingestd.model.event import KILLS, Event, EventKind
from ingestd.store.database import Database
from ingestd.store.events import event_log, kills
from ingestd.store.events.event_log import EventBatch, EventsLost
from ingestd.store.events.kills import Kill

#: Seconds for which a look at the log is fresh enough to begin an attempt: many attempts share it.
FRESH = 0.02

#: The newest events that are kept in memory, and of these at most so many that one read returns.
_WINDOW, _PAGE = 2_000, 500


class Tail:
    """Knows the last event and the kills, and keeps the newest events in memory."""

    def __init__(self, database: Database, *, on_kill: Callable[[Kill], None], on_advance: Callable[[], None]) -> None:
        """`on_kill` is called with each kill as soon as it is known, `on_advance` when there are new events."""
        self._database = database
        self._on_kill = on_kill
        self._on_advance = on_advance
        #: The epoch of the log, and the number of its last event when this last looked; None: it has not looked yet.
        self.epoch: str | None = None
        self.end = 0
        #: When the last look began, and when something was known to be committed last, in monotonic seconds.
        self._looked_at = self._committed_at = float("-inf")
        self._looking = asyncio.Lock()
        #: The newest events, all after `_window_after`.
        self._events: list[Event] = []
        self._window_after = 0
        #: Record → number of its last kill, of all kills after `_window_after`.
        self._kills: dict[int, int] = {}
        self._reading = asyncio.Lock()
        #: Looks so far.
        self.looks = 0

    def note_commit(self) -> None:
        """Note that this process may have committed events."""
        self._committed_at = monotonic()

    @property
    def is_fresh(self) -> bool:
        """Whether the last look is fresh enough to begin an attempt."""
        return self._looked_at >= max(monotonic() - FRESH, self._committed_at)

    async def begin(self) -> None:
        """Find the end of the log; events before it are read when somebody asks for them."""
        async with self._database.read() as connection:
            kept = await event_log.read_range(connection)
        if kept.epoch != self.epoch or kept.last < self.end:
            self._events, self._kills, self._window_after = [], {}, kept.last
        self.epoch, self.end = kept.epoch, kept.last

    async def look(self, max_age: float = FRESH) -> None:
        """Know every event that was committed `max_age` seconds before this call.  Raises StoreError."""
        wanted = max(monotonic() - max_age, self._committed_at)
        async with self._looking:
            if self._looked_at >= wanted:
                return
            before, self.looks = self.end, self.looks + 1
            while True:
                began, last = monotonic(), self.end
                async with self._database.read() as connection:
                    last, found = await kills.since(connection, last, KILLS, limit=_PAGE)
                for kill in found:
                    self._kills[kill.record_id] = kill.seq
                    self._on_kill(kill)
                is_whole, self.end = last - self.end < _PAGE, last
                if is_whole:
                    break
            self._looked_at = began
        if self.end > before:
            self._on_advance()

    async def after(self, seq: int, upto: int, *, limit: int) -> tuple[list[Event], int]:
        """Return events after number `seq` up to `upto`, at most `limit`, and up to where these are all.

        Raises EventsLost, EpochEnded or StoreError.
        """
        if seq < self._window_after:
            batch = await self._read(seq, limit)
        else:
            await self._fill(upto)
            first = bisect_right(self._events, seq, key=lambda event: event.seq)
            some = self._events[first : first + limit]
            after = some[-1].seq if len(some) == limit else max(upto, seq)
            batch = EventBatch(events=tuple(some), after=after, newest=self.end, epoch=self.epoch or "")
        return [event for event in batch.events if event.seq <= upto], min(batch.after, upto)

    async def kills_after(self, seq: int, upto: int, *, limit: int) -> tuple[list[Event], int]:
        """Return kills after number `seq` up to `upto`, at most `limit`, and up to where these are all."""
        if seq >= self._window_after:
            found, last = await self.after(seq, upto, limit=_WINDOW)
            found = [event for event in found if event.kind in KILLS]
            return (found, last) if len(found) <= limit else (found[:limit], found[limit - 1].seq)
        batch = await self._read(seq, limit, KILLS)
        return [event for event in batch.events if event.seq <= upto], min(batch.after, upto)

    async def some(self, numbers: list[int]) -> list[Event]:
        """Return those of some events that are kept."""
        async with self._database.snapshot() as connection:
            return await event_log.read_some(connection, numbers)

    async def last_kills(self, record_ids: set[int], after: int) -> dict[int, int]:
        """Return the number of the last kill of each of some records, if that is after event `after`."""
        if after >= self._window_after:
            return {one: seq for one in record_ids if (seq := self._kills.get(one, 0)) > after}
        async with self._database.read() as connection:
            return await kills.last_of(connection, record_ids, KILLS)

    async def _read(self, seq: int, limit: int, kinds: Collection[EventKind] = ()) -> EventBatch:
        async with self._database.snapshot() as connection:
            kept = await event_log.read_range(connection)
            if seq < kept.first - 1:
                raise EventsLost(seq + 1, kept.first - 1)
            return await event_log.read_after(connection, seq, epoch=self.epoch, limit=limit, kinds=kinds)

    async def _fill(self, upto: int) -> None:
        """Have all events of the window up to a number in memory."""
        async with self._reading:
            while (last := self._events[-1].seq if self._events else self._window_after) < upto:
                batch = await self._read(last, _PAGE)
                if not batch.events:
                    break  # those that follow were deleted already
                self._events.extend(batch.events)
            if len(self._events) > _WINDOW:
                del self._events[: len(self._events) - _WINDOW // 2]
                self._window_after = self._events[0].seq - 1
                self._kills = {one: seq for one, seq in self._kills.items() if seq > self._window_after}
