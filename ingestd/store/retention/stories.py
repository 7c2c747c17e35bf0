"""Deletion of the index of stories whose window has ended.

Stories and copies stay: they tell whose text a record has as long as it is kept.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, not_, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.retention.batches import Deletion, Found, Position
from ingestd.store.schema.tables import copies, stories, story_cursor, story_keys, story_samples
from ingestd.store.stories import cursor, postings

#: How long the index of a story is kept beyond its window: records may wait for their placement.
SLACK = timedelta(days=1)


def of_stories(before: datetime, *, in_rebuild: bool = False) -> Deletion:
    """Return the deletion of shingles, samples and keys of stories without a document since `before`.

    Of stories to which a backfill has brought something since then, they stay: it may bring more of that time.

    A story without records goes itself.  While `ingestd stories rebuild` goes through older records, nothing does but
    what it asks for itself (`in_rebuild`).
    """
    c = stories.c
    brought = [exists().where(table.c.story_id == c.id, table.c.at >= before) for table in (story_samples, story_keys)]
    is_old = and_(c.indexed, c.last_at < before, *(not_(one) for one in brought))
    is_idle = true() if in_rebuild else ~exists().where(story_cursor.c.rebuild.is_not(None))

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        query = select(c.last_at, c.id).where(is_old, is_idle)
        if position:
            query = query.where(c.last_at >= position[0], tuple_(c.last_at, c.id) > tuple_(*position))
        rows = (await connection.execute(query.order_by(c.last_at, c.id).limit(limit))).all()
        return Found(keys=[row.id for row in rows], position=tuple(rows[-1]) if len(rows) == limit else None)

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], _: None) -> Sequence[Any]:
        await cursor.lock(connection)
        query = select(c.id).where(c.id.in_(keys), is_old, is_idle)
        ids = (await connection.execute(query)).scalars().all()
        if not ids:
            return ids
        for story_id, hashes in (await postings.of_story(connection, ids)).items():
            await postings.remove(connection, story_id, hashes)
        for table in (story_samples, story_keys):
            await connection.execute(delete(table).where(table.c.story_id.in_(ids)))
        await connection.execute(update(stories).where(c.id.in_(ids)).values(indexed=False))
        empty = ~exists().where(copies.c.story_id == c.id)
        await connection.execute(delete(stories).where(c.id.in_(ids), c.merged_into.is_(None), empty))
        await cursor.note_change(connection)
        return ids

    return Deletion(table="shingles", find=find, delete=delete_rows)
