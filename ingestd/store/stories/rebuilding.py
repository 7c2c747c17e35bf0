"""How far stored records are placed in stories, in the row of the cursor: a rebuild, or what the event log left out."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.store.database import lock_records
from ingestd.store.schema.tables import (
    copies,
    revisions,
    runs,
    shingles,
    stories,
    story_cursor,
    story_keys,
    story_samples,
)
from ingestd.store.stories import cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkState:
    """How far the stored revisions have been gone through."""

    #: Number of the last revision that was looked at; None: it begins with those of the window.
    after: int | None = 0
    #: Whether all stories were forgotten first.
    anew: bool = False
    #: Whether all revisions are gone through, as an operator has asked, and not those of the window.
    whole: bool = True
    #: The run that goes on with it; None: whoever places records does.
    run_id: str | None = None


async def read(connection: AsyncConnection) -> WalkState | None:
    """Return how far the revisions have been gone through; None: nobody does."""
    state: Any = (await connection.execute(select(story_cursor.c.rebuild))).scalar()
    if not isinstance(state, dict):
        return None
    run_id = state.get("run_id")
    if run_id and not (await connection.execute(select(runs.c.id).where(runs.c.id == run_id))).first():
        run_id = None
    return WalkState(
        after=state.get("after"), anew=bool(state.get("anew")), whole=bool(state.get("whole", True)), run_id=run_id
    )


async def begin(connection: AsyncConnection, *, anew: bool, run_id: str | None = None) -> None:
    """Begin a rebuild, or go on with one that was interrupted.

    With `anew`, all stories are forgotten first, unless a rebuild that has done so is under way.

    Raises UsageError if another run is at it.
    """
    await lock_records(connection)
    await cursor.lock(connection)
    state = await read(connection)
    if state and state.run_id not in (None, run_id):
        raise UsageError("another process rebuilds the stories: wait until it has ended")
    if state and state.whole and (state.anew or not anew):
        await _write(connection, replace(state, run_id=run_id))
        return
    if anew:
        for table in (copies, story_samples, story_keys, shingles, stories):
            await connection.execute(delete(table))
    await _write(connection, WalkState(anew=anew, run_id=run_id))


async def begin_window(connection: AsyncConnection) -> bool:
    """Have the records of the window placed that have no story; return whether that was to be begun.

    Not if a rebuild is under way, which does it.
    """
    await lock_records(connection)
    await cursor.lock(connection)
    state = await read(connection)
    if state and state.whole:
        return False
    await _write(connection, WalkState(after=None, whole=False))
    return state is None


async def note(connection: AsyncConnection, state: WalkState, after: int) -> None:
    """Note that the revisions up to a number are placed; the caller has found the stories as it read them."""
    await _write(connection, replace(state, after=after))


async def end(connection: AsyncConnection, generation: int) -> bool:
    """Note that there is no revision left, unless stories have changed since that was read."""
    if await cursor.lock(connection) != generation:
        return False
    await connection.execute(update(story_cursor).values(rebuild=null()))
    await cursor.note_change(connection)
    return True


async def _write(connection: AsyncConnection, state: WalkState) -> None:
    await connection.execute(update(story_cursor).values(rebuild=asdict(state)))
    await cursor.note_change(connection)


async def last_before(connection: AsyncConnection, when: datetime) -> int:
    """Return the number of a revision before all that were seen since `when`; 0: there is none.

    Later revisions have higher numbers and were seen later.
    """
    c = revisions.c
    low, high = 0, (await connection.execute(select(func.max(c.id)))).scalar() or 0
    while low < high:
        middle = (low + high) // 2 + 1
        found = (await connection.execute(_FROM.where(c.id <= middle).limit(1))).first()
        if found is None or found.seen_at < when:
            low = middle
        else:
            high = found.id - 1
    return low


_FROM = select(revisions.c.id, revisions.c.seen_at).order_by(revisions.c.id.desc())


async def next_revision(connection: AsyncConnection, after: int) -> Any | None:
    """Return the next revision after a number, with its `id`, `record_id` and `revision`; None: there is none."""
    c = revisions.c
    query = select(c.id, c.record_id, c.revision).where(c.id > after).order_by(c.id).limit(1)
    return (await connection.execute(query)).first()
