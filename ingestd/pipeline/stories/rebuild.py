"""Place stored records in stories, in the order in which their revisions were saved."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ingestd.likeness.rules import Rules
from ingestd.pipeline.stories import hints, tracing
from ingestd.pipeline.stories.placing import Placing
from ingestd.store.database import Database
from ingestd.store.retention import batches
from ingestd.store.retention.stories import of_stories
from ingestd.store.stories import cursor, documents, rebuilding, write

#: Revisions in one transaction, and how many of these go by until the shingles of old stories are deleted.
_BATCH, _BETWEEN = 100, 50

#: How long the index of a story is kept beyond its window.
_SLACK = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a rebuild is."""

    #: Number of the last revision that was looked at, and of the last there is.
    revision: int
    last: int
    #: Records that have got a story.
    placed: int


async def rebuild(
    database: Database,
    rules: Rules,
    *,
    anew: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> int:
    """Place the records that have no story; with `anew`, forget all stories first.  Returns how many it placed.

    One that was interrupted goes on where it ended.  Others may save and place records meanwhile.

    Raises StoreError.
    """
    placing, placed, count = Placing(rules), 0, 0
    async with database.write() as connection:
        after = await rebuilding.begin(connection, anew=anew)
    while True:
        async with database.snapshot() as connection:
            at = await cursor.read(connection)
            texts, position, last = await documents.revisions_after(connection, after, limit=_BATCH)
            if position == after:
                break
            batch = await placing.computed(connection, at, texts)
            await tracing.trace(connection, batch)
            await hints.give(connection, batch)
        async with database.write() as connection:
            done = await write.write(connection, at, batch.working.changes, seq=at.seq, happened=batch.events)
            if not done:
                continue  # others have changed stories: compute it again
            await rebuilding.note(connection, position)
        after, placed, count = position, placed + len(batch.working.changes.copies), count + 1
        on_progress(Progress(revision=after, last=last, placed=placed))
        if texts and count % _BETWEEN == 0:
            await batches.run(database, of_stories(texts[-1].at - rules.window - _SLACK, in_rebuild=True))
    async with database.write() as connection:
        await rebuilding.end(connection)
    return placed
