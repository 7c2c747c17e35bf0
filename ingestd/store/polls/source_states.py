"""Whether there are sources, whether any was polled, and whether one is removed."""

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import sources


async def has_one(connection: AsyncConnection) -> bool:
    """Return whether there is a source that is not removed."""
    query = select(sources.c.id).where(sources.c.state != "removed", sources.c.kind == "feed").limit(1)
    return (await connection.execute(query)).first() is not None


async def is_removed(connection: AsyncConnection, source_id: int) -> bool:
    """Return whether a source is removed."""
    query = select(sources.c.id).where(sources.c.id == source_id, sources.c.state == "removed")
    return (await connection.execute(query)).first() is not None


_REMOVED = select(sources.c.id).where(sources.c.id.in_(bindparam("ids", expanding=True)), sources.c.state == "removed")


async def removed(connection: AsyncConnection, source_ids: Collection[int]) -> set[int]:
    """Return which of some sources are removed."""
    return set((await connection.execute(_REMOVED, {"ids": list(source_ids)})).scalars())


async def polled_one(connection: AsyncConnection) -> bool:
    """Return whether any source was ever polled, be it removed now."""
    query = select(sources.c.id).where(sources.c.last_polled_at.is_not(None)).limit(1)
    return (await connection.execute(query)).first() is not None
