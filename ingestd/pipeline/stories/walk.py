"""Place stored records that have no story, in the order in which their revisions were saved.

A rebuild goes through all revisions.  Those of the window are gone through after an upgrade, and where events were
deleted before they were placed.  How far it is stands in the database, and each step is one transaction: whatever is
killed, any process can go on with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.likeness.rules import Rules
from ingestd.pipeline.stories import hints, tracing
from ingestd.pipeline.stories.failing import ATTEMPTS, BatchLimit, is_of_texts
from ingestd.pipeline.stories.placing import Placing
from ingestd.store.database import Database
from ingestd.store.retention import batches
from ingestd.store.retention.stories import SLACK, of_stories
from ingestd.store.stories import cursor, documents, rebuilding, write
from ingestd.store.stories.events import StoryEvent
from ingestd.store.stories.rebuilding import WalkState
from ingestd.store.stories.working_set import Changes

log = structlog.get_logger(__name__)

#: Revisions in one transaction, and how many of these go by until the shingles of old stories are deleted.
BATCH, _BETWEEN = 100, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the revisions have been gone through."""

    #: Number of the last revision that was looked at, and of the last there is.
    revision: int
    last: int
    #: Records that have got a story since the walk was begun or gone on with.
    placed: int


class Walk:
    """Goes through stored revisions; `run_id` is that of a rebuild, None: goes on where no other run is at it."""

    def __init__(
        self, database: Database, rules: Rules, *, placing: Placing | None = None, run_id: str | None = None
    ) -> None:
        self._database = database
        self._rules = rules
        self._placing = placing or Placing(rules)
        self._run_id = run_id
        self._limit = BatchLimit(BATCH)
        self._steps = 0
        #: Records that have got a story, and revisions that could not be placed.
        self.placed = 0
        self.passed = 0
        #: How far it is; None: nothing was to be done when this last looked.
        self.progress: Progress | None = None

    async def step(self) -> Progress | None:
        """Place the next revisions; None: there are none, or another run is at it.

        A revision that fails by itself is passed after some attempts.

        Raises StoreUnavailable, StoreCorrupt, MemoryError or OSError.
        """
        if self.progress is None:
            self.placed = 0
        while True:
            try:
                self.progress = await self._step()
            except Exception as error:
                if not is_of_texts(error):
                    raise
                if self._limit.failed():
                    await self._pass(error)
            else:
                self._limit.succeeded()
                return self.progress

    async def _step(self) -> Progress | None:
        while True:
            async with self._database.snapshot() as connection:
                state = await rebuilding.read(connection)
                if state is None or state.run_id not in (None, self._run_id):
                    return None
                after = await self._after(connection, state)
                at = await cursor.read(connection)
                texts, position, last = await documents.revisions_after(connection, after, limit=self._limit.events)
                batch = await self._placing.computed(connection, at, texts)
                await tracing.trace(connection, batch)
                await hints.give(connection, batch)
            if position == after:
                async with self._database.write() as connection:
                    if await rebuilding.end(connection, at.generation):
                        return None
                continue
            told = _told(batch.events, state)
            async with self._database.write() as connection:
                done = await write.write(connection, at, batch.working.changes, seq=at.seq, happened=told)
                if done:
                    await rebuilding.note(connection, state, position)
            if not done:
                # Others have changed stories: compute less of it again, as they may do so all the time.
                self._limit.met_others()
                continue
            self.placed += len(batch.working.changes.copies)
            self._steps += 1
            if texts and self._steps % _BETWEEN == 0:
                old = texts[-1].at - self._rules.window - SLACK
                await batches.run(self._database, of_stories(old, in_rebuild=True))
            return Progress(revision=position, last=last, placed=self.placed)

    async def _after(self, connection: AsyncConnection, state: WalkState) -> int:
        if state.after is not None:
            return state.after
        return await rebuilding.last_before(connection, datetime.now(UTC) - self._rules.window)

    async def _pass(self, error: Exception) -> None:
        """Pass the revision that fails alone."""
        async with self._database.snapshot() as connection:
            state = await rebuilding.read(connection)
            if state is None:
                return
            at = await cursor.read(connection)
            failing = await rebuilding.next_revision(connection, await self._after(connection, state))
        if failing is None:
            return
        async with self._database.write() as connection:
            done = await write.write(connection, at, Changes(), seq=at.seq, happened=())
            if done:
                await rebuilding.note(connection, state, failing.id)
        if done:
            self._limit.succeeded()
            self.passed += 1
            log.error(
                "record not placed in stories",
                record=failing.record_id,
                revision=failing.revision,
                attempts=ATTEMPTS,
                exc_info=error,
            )


def _told(happened: Iterable[StoryEvent], state: WalkState) -> list[StoryEvent]:
    """Return the events that readers are told.

    Not that a record joined its story, of thousands at once; and of stories that nobody knows yet, no merge.
    """
    return [one for one in happened if one.kind != "joined" and not (state.anew and one.kind == "story_merged")]
