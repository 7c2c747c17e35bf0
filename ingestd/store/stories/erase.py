"""What becomes of stories when records are deleted, purged, or merged into others."""

from collections.abc import Collection, Mapping

from sqlalchemy import case, delete, exists, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import copies, stories, story_keys, story_samples
from ingestd.store.statements import chunks
from ingestd.store.stories import cursor, postings
from ingestd.store.stories.carried import SOURCES
from ingestd.store.stories.packing import pack, unpack


async def forget(connection: AsyncConnection, record_ids: Collection[int]) -> None:
    """Take records out of their stories: their copies, the words of theirs that other copies quote, their shingles.

    Shingles stay that a text which stands for the story has.  The caller holds `database.lock_records`.
    """
    for some in chunks(sorted(record_ids)):
        query = select(copies.c.story_id).where(copies.c.record_id.in_(some)).distinct()
        story_ids = (await connection.execute(query)).scalars().all()
        if not story_ids:
            continue
        await cursor.lock(connection)
        await _forget_shingles(connection, some)
        await connection.execute(delete(copies).where(copies.c.record_id.in_(some)))
        quotes = copies.c.story_id.in_(story_ids) & copies.c.of_record.in_(some)
        await connection.execute(update(copies).where(quotes).values(changed=null()))
        await _delete_empty(connection, story_ids)
        await cursor.note_change(connection)


async def rename(connection: AsyncConnection, kept: Mapping[int, int]) -> None:
    """Let what was said of records be said of those that they are merged into; `kept` has these."""
    query = select(copies.c.story_id).where(copies.c.record_id.in_(kept)).distinct()
    story_ids = (await connection.execute(query)).scalars().all()
    if not story_ids:
        return
    values = {name: case(dict(kept), value=copies.c[name], else_=copies.c[name]) for name in SOURCES}
    await connection.execute(update(copies).where(copies.c.story_id.in_(story_ids)).values(values))
    first = stories.c.first_record
    named = update(stories).where(stories.c.id.in_(story_ids), first.in_(kept))
    await connection.execute(named.values(first_record=case(dict(kept), value=first)))
    await forget(connection, kept)


async def _forget_shingles(connection: AsyncConnection, record_ids: Collection[int]) -> None:
    c = story_samples.c
    query = select(c.story_id, c.sampled, c.added).where(c.record_id.in_(record_ids))
    gone: dict[int, set[int]] = {}
    for row in await connection.execute(query):
        gone.setdefault(row.story_id, set()).update(unpack(row.sampled if row.added is None else row.added))
    await connection.execute(delete(story_samples).where(c.record_id.in_(record_ids)))
    for story_id, hashes in gone.items():
        await postings.remove(connection, story_id, await handed_over(connection, story_id, hashes))


async def handed_over(connection: AsyncConnection, story_id: int, hashes: set[int]) -> set[int]:
    """Note shingles for the texts that have them as well; return those that none has."""
    c, left = story_samples.c, set(hashes)
    query = select(c.record_id, c.revision, c.sampled, c.added)
    query = query.where(c.story_id == story_id, c.sampled.is_not(None)).order_by(c.at, c.record_id, c.revision)
    for row in (await connection.execute(query)).all():
        if has := left.intersection(unpack(row.sampled)):
            added = pack(sorted(has.union(unpack(row.sampled if row.added is None else row.added))))
            of_text = (c.record_id == row.record_id) & (c.revision == row.revision)
            value = null() if added == row.sampled else added
            await connection.execute(update(story_samples).where(of_text).values(added=value))
            left -= has
    return left


async def _delete_empty(connection: AsyncConnection, story_ids: Collection[int]) -> None:
    """Delete stories that no record is in, and those that were merged into them."""
    empty = stories.c.id.in_(story_ids) & ~exists().where(copies.c.story_id == stories.c.id)
    ids = (await connection.execute(select(stories.c.id).where(empty))).scalars().all()
    for story_id, hashes in (await postings.of_story(connection, ids)).items():
        await postings.remove(connection, story_id, hashes)
    for table in (story_samples, story_keys):
        await connection.execute(delete(table).where(table.c.story_id.in_(ids)))
    for column in (stories.c.id, stories.c.merged_into):
        await connection.execute(delete(stories).where(column.in_(ids)))
