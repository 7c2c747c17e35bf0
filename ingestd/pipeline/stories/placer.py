"""Place records in stories: a consumer of the event log.

Each batch of events is placed in three parts.  Its texts, and the stories that share shingles with them, are read from
one snapshot.  What follows from them is computed in a thread; where that needs a member's text, it is read in between.
What came of it is written in one short transaction, with the number of the last event: whatever is killed and when, no
record is placed twice and none is left out.  If others have changed stories meanwhile, the batch is computed again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from time import monotonic

import structlog

from ingestd.errors import StoreError
from ingestd.likeness.rules import RULES, Rules
from ingestd.pipeline.stories import hints, tracing
from ingestd.pipeline.stories.failing import ATTEMPTS, LOCAL, BatchLimit, is_of_texts
from ingestd.pipeline.stories.made_sketches import MadeSketches
from ingestd.pipeline.stories.placing import Placing
from ingestd.pipeline.stories.walk import Walk
from ingestd.settings import Settings
from ingestd.settings.agencies import parse_agency
from ingestd.store.database import Database
from ingestd.store.outages import log_failure
from ingestd.store.stories import cursor, documents, rebuilding, write
from ingestd.store.stories.cursor import Cursor
from ingestd.store.stories.working_set import Changes

log = structlog.get_logger(__name__)

#: Events that one transaction places.
BATCH = 100

#: Seconds between two looks at the event log: another process may have saved records.
INTERVAL = 1.0

#: Seconds from a save to its placement, and at least between two placements: what is saved meanwhile is placed with it,
#: since most of the CPU time of a small batch does not depend on its size.
GATHERING, BETWEEN = 0.25, 0.75

#: Seconds between two looks at what another run places, and for which it may place nothing while events wait, until
#: `Placer.place_all` no longer waits for it.
_LOOK, _PATIENCE = 0.2, 30.0

#: The pause after stored records were placed, as a multiple of the time that took, and the longest, in seconds: they
#: have waited for days, and what else the process does comes first.
_REST, _LONGEST_REST = 2.0, 5.0


def make_placer(settings: Settings, database: Database, *, run_id: str | None = None) -> "Placer | None":
    """Return the placer that the settings ask for, None if stories are turned off; `run_id` is this process's run."""
    return Placer(database, rules=rules_of(settings), run_id=run_id) if settings.stories else None


def agencies_of(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return the agencies of the settings, as (name, site)."""
    return tuple(parse_agency(text) for text in settings.agencies)


def rules_of(settings: Settings) -> Rules:
    """Return the rules with the window and the agencies of the settings."""
    return Rules(window=timedelta(seconds=settings.story_window), agencies=agencies_of(settings))


class Placer:
    """Places the records of the event log in stories, batch by batch.

    Of several runs one places, and the others wait until that run has ended.  Without a run, it places at once.
    """

    def __init__(
        self, database: Database, *, rules: Rules = RULES, batch: int = BATCH, run_id: str | None = None
    ) -> None:
        self._database = database
        self._limit = BatchLimit(batch)
        self._run_id = run_id
        #: Sketches of texts that this process has extracted and that were not placed yet.
        self.made_sketches = MadeSketches()
        self._placing = Placing(rules, self.made_sketches)
        #: Places stored records that have no story, while no event waits.
        self.walk = Walk(database, rules, placing=self._placing)
        #: Records placed so far, by `likeness.placement.How`.
        self.placed: dict[str, int] = {}
        self._passed = 0
        #: Events that were not placed yet when this last looked.
        self.waiting = 0
        #: Since when nothing could be placed, in monotonic seconds; None: the last attempt succeeded.
        self.failing_since: float | None = None
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        #: The state of the stories when this last looked.
        self._at: Cursor | None = None
        #: Number of the event before those whose loss was noted last.
        self._lost_after: int | None = None

    @property
    def passed(self) -> int:
        """Revisions that could not be placed, and were passed."""
        return self._passed + self.walk.passed

    def wake(self) -> None:
        """Look at the event log now: something was saved."""
        self._woken.set()

    def stop(self) -> None:
        """Let `run` return after the present batch."""
        self._stopped.set()
        self._woken.set()

    async def run(self) -> None:
        """Place what the event log tells until `stop` is called; wait while the database is unavailable."""
        while not self._stopped.is_set():
            self._woken.clear()
            begun = monotonic()
            try:
                placed = await self.place_next()
                rest = INTERVAL if placed else await self._walk_on()
                self.failing_since = None
            except (StoreError, *LOCAL) as error:
                log_failure(log, "stories wait", error)
                self.failing_since = self.failing_since or monotonic()
                placed, rest = 0, INTERVAL
            if not (placed and self.waiting):
                await self._sleep(rest, begun)

    async def _walk_on(self) -> float:
        """Place some stored records that have no story, if there are any; return for how long to rest (seconds)."""
        at = self._at
        if at is None or not at.is_walked or self._is_for_other(at):
            self.walk.progress = None
            return INTERVAL
        if self._run_id not in (None, at.run_id):
            async with self._database.write() as connection:
                if not await cursor.claim(connection, self._run_id):
                    return INTERVAL
        before, began = self.walk.progress, monotonic()
        done = await self.walk.step()
        if done and before is None:
            log.info("placing stored records in stories", revisions=done.last - done.revision)
        if done is None:
            if before:
                log.info("placed stored records in stories", records=self.walk.placed)
            return INTERVAL
        return min(_LONGEST_REST, _REST * (monotonic() - began))

    async def _sleep(self, rest: float, begun: float) -> None:
        """Sleep until something may be there to place, `rest` seconds at most; the last placement began at `begun`."""
        try:
            async with asyncio.timeout(rest):
                await self._woken.wait()
        except TimeoutError:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(max(GATHERING, begun + BETWEEN - monotonic())):
                await self._stopped.wait()

    async def place_all(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Place all events there are, or wait until another run has placed them; returns how many this one placed.

        Raises StoreError.
        """
        placed = 0
        while not stopping():
            while not stopping() and (some := await self.place_next()):
                placed += some
            if not await self._wait_for_other(stopping):
                break
        return placed

    async def _wait_for_other(self, stopping: Callable[[], bool]) -> bool:
        """Wait while another run places what there is; return whether it has ended and left some."""
        seq, since, until = -1, monotonic(), None
        while not stopping():
            async with self._database.snapshot() as connection:
                at = await cursor.read(connection)
            until = at.last_event if until is None else until
            if at.seq >= until or not self._is_for_other(at):
                return at.seq < until
            if at.seq != seq:
                seq, since = at.seq, monotonic()
            elif monotonic() - since > _PATIENCE:
                log.warning("another process places nothing in stories", waiting=until - seq, run=at.run_id)
                return False
            await asyncio.sleep(_LOOK)
        return False

    async def place_next(self) -> int:
        """Place the next events; returns how many there were, 0 if another run places them.

        An event that fails by itself, for a bug or a value that the database refuses, is passed after some attempts.

        Raises StoreUnavailable, StoreCorrupt, MemoryError or OSError.
        """
        while True:
            try:
                placed = await self._place_next()
            except Exception as error:
                if not is_of_texts(error):
                    raise
                await self._note_failure(error)
            else:
                self._limit.succeeded()
                return placed

    async def _note_failure(self, error: Exception) -> None:
        """Have fewer events placed, or pass the one that fails alone."""
        if not self._limit.failed():
            return
        async with self._database.snapshot() as connection:
            at = await cursor.read(connection)
            event = await cursor.next_event(connection, at.seq)
        if event is None:
            return
        async with self._database.write() as connection:
            written = await write.write(connection, at, Changes(), seq=event.seq, happened=())
        if written:
            self._limit.succeeded()
            self._passed += 1
            log.error(
                "record not placed in stories", record=event.record_id, revision=event.revision, attempts=ATTEMPTS,
                exc_info=error,
            )  # fmt: skip

    async def _place_next(self) -> int:
        while True:
            async with self._database.snapshot() as connection:
                self._at = at = await cursor.read(connection)
                self.made_sketches.base = at.base
                self.waiting = max(0, at.last_event - at.seq)
                if not self.waiting or self._is_for_other(at):
                    return 0
                if self._run_id in (None, at.run_id):
                    texts, seq = await documents.after(connection, at.seq, limit=self._limit.events)
                    batch = await self._placing.computed(connection, at, texts)
                    await tracing.trace(connection, batch)
                    await hints.give(connection, batch)
                else:
                    batch = None
            if await self._note_lost(at):
                continue
            if batch is None:
                assert self._run_id
                async with self._database.write() as connection:
                    await cursor.claim(connection, self._run_id)
                continue
            async with self._database.write() as connection:
                written = await write.write(connection, at, batch.working.changes, seq=seq, happened=batch.events)
            if written:
                self.waiting = max(0, at.last_event - written.seq)
                for copy in batch.working.changes.copies.values():
                    self.placed[copy["how"]] = self.placed.get(copy["how"], 0) + 1
                return seq - at.seq
            # Others have placed these events, or changed a story: begin with what is true now.

    def _is_for_other(self, at: Cursor) -> bool:
        return self._run_id is not None and at.run_id not in (None, self._run_id)

    async def _note_lost(self, at: Cursor) -> bool:
        """Begin a walk over the window's records if unplaced events were deleted; return whether it did."""
        if at.first_event <= at.seq + 1 or self._lost_after == at.seq:
            return False
        async with self._database.write() as connection:
            await rebuilding.begin_window(connection)
        self._lost_after = at.seq
        log.warning(
            "events were deleted before they were placed",
            lost=f"{at.seq + 1} to {at.first_event - 1}",
            advice="records of the story_window are placed now; for older ones run ingestd stories rebuild",
        )
        return True
