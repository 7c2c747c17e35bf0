"""Place records in stories: a consumer of the event log.

Each batch of events is placed in three parts.  Its texts, and the stories that share shingles with them, are read from
one snapshot.  What follows from them is computed in a thread; where that needs a member's text, it is read in between.
What came of it is written in one short transaction, with the number of the last event: whatever is killed and when, no
record is placed twice and none is left out.  If others have changed stories meanwhile, the batch is computed again.
"""

import asyncio
from datetime import timedelta

import structlog

from ingestd.errors import StoreError
from ingestd.likeness.rules import RULES, Rules
from ingestd.pipeline.stories import hints, tracing
from ingestd.pipeline.stories.placing import Placing
from ingestd.settings import Settings
from ingestd.store.database import Database
from ingestd.store.outages import log_failure
from ingestd.store.stories import cursor, documents, write
from ingestd.store.stories.cursor import Cursor

log = structlog.get_logger(__name__)

#: Events that one transaction places.
BATCH = 200

#: Seconds between two looks at the event log: another process may have saved records.
INTERVAL = 1.0

#: Seconds from a save to its placement: what is saved meanwhile is placed with it, since most of the CPU time of a
#: small batch does not depend on its size.
GATHERING = 0.25


def make_placer(settings: Settings, database: Database) -> "Placer | None":
    """Return the placer that the settings ask for, None if stories are turned off."""
    return Placer(database, rules=rules_of(settings)) if settings.stories else None


def rules_of(settings: Settings) -> Rules:
    """Return the rules with the window of the settings."""
    return Rules(window=timedelta(seconds=settings.story_window))


class Placer:
    """Places the records of the event log in stories, batch by batch."""

    def __init__(self, database: Database, *, rules: Rules = RULES, batch: int = BATCH) -> None:
        self._database = database
        self._batch = batch
        self._placing = Placing(rules)
        #: Records placed so far, by `likeness.placement.How`.
        self.placed: dict[str, int] = {}
        #: Events that were not placed yet when this last looked.
        self.waiting = 0
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
            except StoreError as error:
                log_failure(log, "stories wait", error)
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
        """Place all events there are; returns how many.  Raises StoreError."""
        placed = 0
        while some := await self.place_next():
            placed += some
        return placed

    async def place_next(self) -> int:
        """Place the next events; returns how many there were.  Raises StoreError."""
        while True:
            async with self._database.snapshot() as connection:
                at = await cursor.read(connection)
                texts, seq = await documents.after(connection, at.seq, limit=self._batch)
                self._warn_of_lost(at)
                self.waiting = max(0, at.last_event - at.seq)
                if seq == at.seq:
                    return 0
                batch = await self._placing.computed(connection, at, texts)
                await tracing.trace(connection, batch)
                await hints.give(connection, batch)
            async with self._database.write() as connection:
                written = await write.write(connection, at, batch.working.changes, seq=seq, happened=batch.events)
            if written:
                self.waiting = max(0, at.last_event - written.seq)
                for copy in batch.working.changes.copies.values():
                    self.placed[copy["how"]] = self.placed.get(copy["how"], 0) + 1
                return seq - at.seq
            # Others have placed these events, or changed a story: begin with what is true now.

    def _warn_of_lost(self, at: Cursor) -> None:
        """Log once that events were deleted before they were placed."""
        if at.first_event > at.seq + 1 and not self._has_warned:
            self._has_warned = True
            lost = f"{at.seq + 1} to {at.first_event - 1}"
            log.warning("events were deleted before they were placed", lost=lost, advice="run ingestd stories rebuild")
