"""Place records in stories: a consumer of the event log.

Each batch of events is placed in three parts.  Its texts, and the stories that share shingles with them, are read from
one snapshot.  What follows from them is computed in a thread; where that needs a member's text, it is read in between.
What came of it is written in one short transaction, with the number of the last event: whatever is killed and when, no
record is placed twice and none is left out.  If others have changed stories meanwhile, the batch is computed again.
"""

import asyncio
from datetime import timedelta
from time import monotonic

import structlog

from ingestd.errors import StoreError, StoreRefused
from ingestd.likeness.rules import RULES, Rules
from ingestd.pipeline.stories import hints, tracing
from ingestd.pipeline.stories.failing import ATTEMPTS, BatchLimit
from ingestd.pipeline.stories.placing import Placing
from ingestd.settings import Settings
from ingestd.store.database import Database
from ingestd.store.outages import log_failure
from ingestd.store.stories import cursor, documents, write
from ingestd.store.stories.cursor import Cursor
from ingestd.store.stories.working_set import Changes

log = structlog.get_logger(__name__)

#: Events that one transaction places.
BATCH = 200

#: Seconds between two looks at the event log: another process may have saved records.
INTERVAL = 1.0

#: Seconds from a save to its placement: what is saved meanwhile is placed with it, since most of the CPU time of a
#: small batch does not depend on its size.
GATHERING = 0.25

#: Seconds between two looks at what another run places, and for which it may place nothing while events wait, until
#: `Placer.place_all` no longer waits for it.
_LOOK, _PATIENCE = 0.2, 30.0

#: What the host lacks; it says nothing of a text.
_LOCAL = (MemoryError, OSError)


def make_placer(settings: Settings, database: Database, *, run_id: str | None = None) -> "Placer | None":
    """Return the placer that the settings ask for, None if stories are turned off; `run_id` is this process's run."""
    return Placer(database, rules=rules_of(settings), run_id=run_id) if settings.stories else None


def rules_of(settings: Settings) -> Rules:
    """Return the rules with the window of the settings."""
    return Rules(window=timedelta(seconds=settings.story_window))


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
        self._placing = Placing(rules)
        #: Records placed so far, by `likeness.placement.How`.
        self.placed: dict[str, int] = {}
        #: Events that could not be placed, and were passed.
        self.passed = 0
        #: Events that were not placed yet when this last looked.
        self.waiting = 0
        #: Since when nothing could be placed, in monotonic seconds; None: the last attempt succeeded.
        self.failing_since: float | None = None
        self._woken = asyncio.Event()
        self._stopping = False
        self._has_warned = False

    def wake(self) -> None:
        """Look at the event log now: something was saved."""
        self._woken.set()

    def stop(self) -> None:
        """Let `run` return after the present batch."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Place what the event log tells until `stop` is called; wait while the database is unavailable."""
        while not self._stopping:
            self._woken.clear()
            try:
                placed = await self.place_next()
                self.failing_since = None
            except (StoreError, *_LOCAL) as error:
                log_failure(log, "stories wait", error)
                self.failing_since = self.failing_since or monotonic()
                placed = 0
            if not placed and not self._stopping:
                await self._sleep()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(INTERVAL):
                await self._woken.wait()
        except TimeoutError:
            return
        if not self._stopping:
            await asyncio.sleep(GATHERING)

    async def place_all(self) -> int:
        """Place all events there are, or wait until another run has placed them; returns how many this one placed.

        Raises StoreError.
        """
        placed = 0
        while True:
            while some := await self.place_next():
                placed += some
            if not await self._wait_for_other():
                return placed

    async def _wait_for_other(self) -> bool:
        """Wait while another run places what there is; return whether it has ended and left some."""
        seq, since, until = -1, monotonic(), None
        while True:
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

    async def place_next(self) -> int:
        """Place the next events; returns how many there were, 0 if another run places them.

        An event that fails by itself, for a bug or a value that the database refuses, is passed after some attempts.

        Raises StoreUnavailable, StoreCorrupt, MemoryError or OSError.
        """
        while True:
            try:
                placed = await self._place_next()
            except (StoreError, *_LOCAL) as error:
                if not isinstance(error, StoreRefused):
                    raise
                await self._note_failure(error)
            except Exception as error:  # noqa: BLE001 - a bug, which is logged
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
            self.passed += 1
            log.error(
                "record not placed in stories", record=event.record_id, revision=event.revision, attempts=ATTEMPTS,
                exc_info=error,
            )  # fmt: skip

    async def _place_next(self) -> int:
        while True:
            async with self._database.snapshot() as connection:
                at = await cursor.read(connection)
                self._warn_of_lost(at)
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

    def _warn_of_lost(self, at: Cursor) -> None:
        """Log once that events were deleted before they were placed."""
        if at.first_event > at.seq + 1 and not self._has_warned:
            self._has_warned = True
            lost = f"{at.seq + 1} to {at.first_event - 1}"
            log.warning("events were deleted before they were placed", lost=lost, advice="run ingestd stories rebuild")
