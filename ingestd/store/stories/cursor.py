"""How far the event log has been placed into stories.

Whoever writes stories locks the cursor's row and raises its generation in the same transaction.  A placement is
computed from a snapshot, and written only if the generation is still that of the snapshot: the stories are therefore
those of one placement after the other, however many processes place.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import events, installation, last_numbers, runs, stories, story_cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The state of the stories in a snapshot."""

    #: Number of the last event that is placed.
    seq: int
    generation: int
    #: Number of the last story there has been.
    last_story: int
    #: The secret base of this installation's hashes.
    base: int
    #: Numbers of the first and the last event that are kept; 0: none is.
    first_event: int
    last_event: int
    #: Whether stored records are gone through (`rebuilding`).
    is_walked: bool
    #: The run that places events, so that others need not compute the same; None: it has ended, or there was none.
    run_id: str | None


_RUN = select(runs.c.id).where(runs.c.id == story_cursor.c.run_id).correlate(story_cursor)

_READ = select(
    story_cursor.c.seq,
    story_cursor.c.generation,
    func.coalesce(installation.c.likeness_base, 1).label("base"),
    select(func.max(stories.c.id)).scalar_subquery().label("story"),
    select(last_numbers.c.number).where(last_numbers.c.name == "story").scalar_subquery().label("stored"),
    select(func.min(events.c.seq)).scalar_subquery().label("first_event"),
    select(func.max(events.c.seq)).scalar_subquery().label("last_event"),
    _RUN.scalar_subquery().label("run_id"),
    story_cursor.c.rebuild.is_not(None).label("is_walked"),
).join_from(story_cursor, installation, installation.c.id == story_cursor.c.id)

_LOCK = select(story_cursor.c.generation).where(story_cursor.c.id == 1).with_for_update()

_MOVE = (
    update(story_cursor)
    .where(story_cursor.c.id == 1)
    .values(seq=bindparam("number"), generation=story_cursor.c.generation + 1)
)


async def read(connection: AsyncConnection) -> Cursor:
    """Return the state of the stories."""
    row = (await connection.execute(_READ)).one()
    return Cursor(
        seq=row.seq,
        generation=row.generation,
        last_story=max(row.story or 0, row.stored or 0),
        base=row.base,
        first_event=row.first_event or 0,
        last_event=row.last_event or 0,
        run_id=row.run_id,
        is_walked=row.is_walked,
    )


async def claim(connection: AsyncConnection, run_id: str) -> bool:
    """Claim the placement of events for a run, unless another run that has not ended has it; return whether it has it.

    The claim spares work and guards nothing: what a run writes without it is right as well.
    """
    c = story_cursor.c
    free = or_(c.run_id.is_(None), c.run_id == run_id, ~exists(_RUN))
    claimed = update(story_cursor).where(c.id == 1, free).values(run_id=run_id)
    return (await connection.execute(claimed)).rowcount == 1


async def next_event(connection: AsyncConnection, seq: int) -> Any | None:
    """Return the next event after a number, with its `seq`, `kind`, `record_id` and `revision`; None: there is none."""
    c = events.c
    query = select(c.seq, c.kind, c.record_id, c.revision).where(c.seq > seq).order_by(c.seq).limit(1)
    return (await connection.execute(query)).first()


async def lock(connection: AsyncConnection) -> int:
    """Lock the stories until the transaction ends, after `database.lock_records`; return their generation."""
    return int((await connection.execute(_LOCK)).scalar_one())


async def move(connection: AsyncConnection, seq: int) -> None:
    """Note that the events up to a number are placed; the caller holds the lock."""
    await connection.execute(_MOVE, {"number": seq})


async def note_change(connection: AsyncConnection) -> None:
    """Note that stories are changed by others than their placement, which begins again if it is under way."""
    c = story_cursor.c
    await connection.execute(update(story_cursor).where(c.id == 1).values(generation=c.generation + 1))
