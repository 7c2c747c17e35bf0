"""How far a rebuild of the stories is, in the row of the cursor."""

from typing import Any

from sqlalchemy import delete, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import lock_records
from ingestd.store.schema.tables import copies, shingles, stories, story_cursor, story_keys, story_samples
from ingestd.store.stories import cursor


async def begin(connection: AsyncConnection, *, anew: bool) -> int:
    """Begin a rebuild, or go on with one; return the number of the revision after which it goes on.

    With `anew`, all stories are forgotten first, unless a rebuild that has done so is under way.
    """
    await lock_records(connection)
    await cursor.lock(connection)
    state: Any = (await connection.execute(select(story_cursor.c.rebuild))).scalar()
    if isinstance(state, dict) and (state.get("anew") or not anew):
        return int(state.get("after", 0))
    if anew:
        for table in (copies, story_samples, story_keys, shingles, stories):
            await connection.execute(delete(table))
        await cursor.note_change(connection)
    await connection.execute(update(story_cursor).values(rebuild={"after": 0, "anew": anew}))
    return 0


async def note(connection: AsyncConnection, after: int) -> None:
    """Note that the revisions up to a number are placed."""
    state: Any = (await connection.execute(select(story_cursor.c.rebuild))).scalar() or {}
    await connection.execute(update(story_cursor).values(rebuild={**state, "after": after}))


async def end(connection: AsyncConnection) -> None:
    """Note that no rebuild is under way."""
    await connection.execute(update(story_cursor).values(rebuild=null()))
