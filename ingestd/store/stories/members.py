"""Records that stand for their stories, with which documents are compared."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.likeness.placement import Member, Story, TextKey
from ingestd.store.schema.tables import copies, story_samples
from ingestd.store.statements import among
from ingestd.store.stories.packing import as_arrays

#: Tokens from which a text counts as one that its publisher has in a story.
LEAST_TOKENS = 5


_MEMBERS = (
    select(
        *(story_samples.c[name] for name in ("record_id", "revision", "story_id", "at", "size", "sampled")),
        copies.c.publisher,
    )
    .join(copies, copies.c.record_id == story_samples.c.record_id)
    .where(among(story_samples.c.story_id, "stories"), story_samples.c.sampled.is_not(None))
    .order_by(story_samples.c.at, story_samples.c.record_id, story_samples.c.revision)
)

_PUBLISHERS = (
    select(copies.c.story_id, copies.c.publisher)
    .where(among(copies.c.story_id, "stories"), copies.c.tokens >= LEAST_TOKENS)
    .distinct()
)

_STORIES_OF = select(copies.c.record_id, copies.c.story_id, copies.c.credits).where(
    among(copies.c.record_id, "records")
)


async def read(
    connection: AsyncConnection, story_ids: Collection[int]
) -> tuple[dict[int, Story], dict[TextKey, datetime]]:
    """Return stories with their publishers and members, in the order in which these joined, and when each did."""
    values = {"stories": sorted(story_ids)}
    joined: dict[TextKey, datetime] = {}
    members: dict[int, list[Member]] = {story_id: [] for story_id in story_ids}
    publishers: dict[int, set[str]] = {story_id: set() for story_id in story_ids}
    rows = (await connection.execute(_MEMBERS, values)).all()
    for row, sampled in zip(rows, as_arrays([row.sampled for row in rows]), strict=True):
        member = Member(
            record=row.record_id, revision=row.revision, publisher=row.publisher, sampled=sampled, size=row.size
        )
        members[row.story_id].append(member)
        joined[member.key] = row.at
    for story_id, publisher in (await connection.execute(_PUBLISHERS, values)).all():
        publishers[story_id].add(publisher)
    found = {
        story_id: Story(id=story_id, members=tuple(members[story_id]), publishers=frozenset(publishers[story_id]))
        for story_id in story_ids
    }
    return found, joined


async def stories_of(connection: AsyncConnection, record_ids: Collection[int]) -> list[Any]:
    """Return the stories of records that have one, and their credits, as rows."""
    return list((await connection.execute(_STORIES_OF, {"records": sorted(record_ids)})).all())
