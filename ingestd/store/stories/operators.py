"""Splits and merges of stories by hand.  What an operator has put together is never taken apart by the program."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, case, func, not_, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NotFound, UsageError
from ingestd.likeness.decision import standing
from ingestd.model.event import EventKind
from ingestd.store.database import lock_records
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import copies, last_numbers, records, stories, story_samples
from ingestd.store.statements import insert_all, insert_or_update
from ingestd.store.stories import cursor, members, postings
from ingestd.store.stories.erase import handed_over
from ingestd.store.stories.listing import no_story
from ingestd.store.stories.packing import unpack
from ingestd.store.stories.working_set import Merge
from ingestd.store.stories.write import merge_stories


async def split(connection: AsyncConnection, record_ids: Sequence[int], *, now: datetime) -> tuple[int, int]:
    """Move records of one story into a new story; return the numbers of the old and the new one.

    Raises NotFound, or UsageError if they are of several stories or all of their story.
    """
    await lock_records(connection)
    await cursor.lock(connection)
    query = select(copies).where(copies.c.record_id.in_(record_ids)).order_by(copies.c.record_id)
    rows = (await connection.execute(query)).all()
    if missing := set(record_ids) - {row.record_id for row in rows}:
        raise NotFound(await _not_placed(connection, min(missing)))
    if len(found := {row.story_id for row in rows}) > 1:
        raise UsageError(
            f"the records are of several stories: {', '.join(map(str, sorted(found)))}; split one at a time"
        )
    [old] = found
    count = select(func.count()).where(copies.c.story_id == old)
    if (await connection.execute(count)).scalar_one() == len(rows):
        if len(rows) == 1:
            raise UsageError(f"record {rows[0].record_id} is alone in story {old}: there is nothing to split it from")
        raise UsageError(f"these are all records of story {old}: name only those that do not belong to the others")
    new = (await cursor.read(connection)).last_story + 1
    times = [row.seen_at for row in rows]
    row = {"id": new, "created_at": min(times), "last_at": max(times), "round_up": False, "pinned": True}
    await insert_all(connection, stories, [row])
    await insert_or_update(connection, last_numbers, [{"name": "story", "number": new}])
    await _move_shingles(connection, record_ids, old, new)
    moved = update(copies).where(copies.c.record_id.in_(record_ids))
    await connection.execute(moved.values(story_id=new, pinned=True))
    # Whoever erases a record looks for its words in its story only.
    of_moved = copies.c.of_record.in_(record_ids)
    apart = or_(and_(copies.c.story_id == new, not_(of_moved)), and_(copies.c.story_id == old, of_moved))
    await connection.execute(update(copies).where(apart).values(changed=null()))
    await connection.execute(update(stories).where(stories.c.id == old).values(pinned=True))
    await _add_events(connection, record_ids, "story_split", story_id=new, other_id=old, now=now)
    await cursor.note_change(connection)
    return old, new


async def _not_placed(connection: AsyncConnection, record_id: int) -> str:
    if (await connection.execute(select(records.c.id).where(records.c.id == record_id))).scalar() is None:
        return f"no record {record_id}; `ingestd stories show STORY` has the numbers of its records"
    return (
        f"record {record_id} is in no story: it has no text, or is not placed yet; "
        "`ingestd run` places it, or else `ingestd stories rebuild`"
    )


async def _move_shingles(connection: AsyncConnection, record_ids: Sequence[int], old: int, new: int) -> None:
    c = story_samples.c
    query = select(c.sampled, c.added).where(c.record_id.in_(record_ids), c.story_id == old)
    rows = (await connection.execute(query)).all()
    brought = {one for row in rows for one in unpack(row.sampled if row.added is None else row.added)}
    has = {one for row in rows for one in unpack(row.added if row.sampled is None else row.sampled)}
    moved = update(story_samples).where(c.record_id.in_(record_ids), c.story_id == old)
    added = case((c.sampled.is_not(None), null()), else_=c.added)
    await connection.execute(moved.values(story_id=new, added=added))
    await postings.copy(connection, old, new, has)
    await postings.remove(connection, old, await handed_over(connection, old, brought))


async def merge(connection: AsyncConnection, one: int, other: int, *, now: datetime) -> int:
    """Give the records of the younger of two stories to the older; return its number.  Raises NotFound, UsageError."""
    await lock_records(connection)
    await cursor.lock(connection)
    if one == other:
        raise UsageError(f"story {one} cannot be merged with itself")
    kept, gone = sorted((one, other))
    states = await postings.states(connection, [kept, gone])
    for story_id in (kept, gone):
        if story_id not in states:
            raise NotFound(await no_story(connection, story_id))
    found, _ = await members.read(connection, [kept, gone])
    stay = {member.key for member in standing(found[kept], found[gone])}
    retired = [member.key for story_id in (kept, gone) for member in found[story_id].members if member.key not in stay]
    query = select(copies.c.record_id).where(copies.c.story_id == gone).order_by(copies.c.record_id)
    record_ids = (await connection.execute(query)).scalars().all()
    merged = Merge(kept=kept, gone=gone, record_id=record_ids[0], at=now, retired=tuple(sorted(retired)))
    await merge_stories(connection, merged)
    last_at = max(states[kept].last_at, states[gone].last_at)
    await connection.execute(update(stories).where(stories.c.id == kept).values(pinned=True, last_at=last_at))
    await _add_events(connection, record_ids[:1], "story_merged", story_id=kept, other_id=gone, now=now)
    await cursor.note_change(connection)
    return kept


async def _add_events(
    connection: AsyncConnection,
    record_ids: Sequence[int],
    kind: EventKind,
    *,
    story_id: int,
    other_id: int,
    now: datetime,
) -> None:
    unit_of_work = await UnitOfWork.open(connection)
    c = records.c
    query = select(c.id, c.revision, c.origin_entry_id).where(c.id.in_(record_ids)).order_by(c.id)
    for row in (await connection.execute(query)).all():
        unit_of_work.add_event(
            row.id, row.revision, kind, entry_id=row.origin_entry_id, at=now, story_id=story_id, other_id=other_id
        )
    await unit_of_work.flush(connection)
