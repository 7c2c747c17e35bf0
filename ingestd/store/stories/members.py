"""Records that stand for their stories, with which documents are compared."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.likeness.arrays import Hashes
from ingestd.likeness.placement import Member, Story, TextKey
from ingestd.store.schema.tables import copies, story_samples
from ingestd.store.statements import chunks

#: Tokens from which a text counts as one that its publisher has in a story.
LEAST_TOKENS = 5


async def read(
    connection: AsyncConnection, story_ids: Collection[int]
) -> tuple[dict[int, Story], dict[TextKey, datetime]]:
    """Return stories with their publishers and members, in the order in which these joined, and when each did."""
    s, c = story_samples.c, copies.c
    joined: dict[TextKey, datetime] = {}
    members: dict[int, list[Member]] = {story_id: [] for story_id in story_ids}
    publishers: dict[int, set[str]] = {story_id: set() for story_id in story_ids}
    for some in chunks(sorted(story_ids)):
        of_story = select(s.record_id, s.revision, s.story_id, s.at, s.size, s.sampled, c.publisher)
        of_story = of_story.join(copies, c.record_id == s.record_id)
        of_story = of_story.where(s.story_id.in_(some), s.sampled.is_not(None)).order_by(s.at, s.record_id, s.revision)
        for row in await connection.execute(of_story):
            member = Member(
                record=row.record_id,
                revision=row.revision,
                publisher=row.publisher,
                sampled=as_array(row.sampled),
                size=row.size,
            )
            members[row.story_id].append(member)
            joined[member.key] = row.at
        of_copies = select(c.story_id, c.publisher).where(c.story_id.in_(some), c.tokens >= LEAST_TOKENS).distinct()
        for story_id, publisher in await connection.execute(of_copies):
            publishers[story_id].add(publisher)
    found = {
        story_id: Story(id=story_id, members=tuple(members[story_id]), publishers=frozenset(publishers[story_id]))
        for story_id in story_ids
    }
    return found, joined


async def stories_of(connection: AsyncConnection, record_ids: Collection[int]) -> list[Any]:
    """Return the stories of records that have one, and their credits, as rows."""
    found: list[Any] = []
    for some in chunks(sorted(record_ids)):
        query = select(copies.c.record_id, copies.c.story_id, copies.c.credits)
        found += (await connection.execute(query.where(copies.c.record_id.in_(some)))).all()
    return found


def as_array(packed: bytes) -> Hashes:
    """Return packed hashes (`packing.pack`) as an array."""
    narrow = np.frombuffer(packed, np.uint8).reshape(-1, 6)
    wide = np.zeros((len(narrow), 8), np.uint8)
    wide[:, :6] = narrow
    return wide.view("<u8").reshape(-1).astype(np.uint64)


def as_bytes(hashes: Hashes) -> bytes:
    """Return an array of hashes as `packing.pack` does."""
    return hashes.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :6].tobytes()
