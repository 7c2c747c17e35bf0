"""The event log: what happened to records, in the order of commits, without holes."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.tables import entries, events, records, revisions, sources


async def after(connection: AsyncConnection, seq: int, *, limit: int = 500) -> list[dict[str, Any]]:
    """Return the events after a sequence number, in order, each with what a reader wants to see of it.

    `kind` is new, revised, carried, or reprocessed, which is no news: other rules made it of the same bytes.
    A reader that keeps the last `seq` it has seen misses none.
    """
    query = (
        select(
            events, records.c.guid, records.c.uri, revisions.c.headline, revisions.c.versioncreated,
            entries.c.url.label("entry_url"), sources.c.title.label("source_title"), sources.c.url.label("source_url"),
        )
        .join(records, records.c.id == events.c.record_id)
        .join(revisions, (revisions.c.record_id == events.c.record_id) & (revisions.c.revision == events.c.revision))
        .join(entries, entries.c.id == events.c.entry_id)
        .join(sources, sources.c.id == entries.c.source_id)
        .where(events.c.seq > seq)
        .order_by(events.c.seq)
        .limit(limit)
    )  # fmt: skip
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def last(connection: AsyncConnection) -> int:
    """Return the number of the last event, 0 when there is none."""
    return int((await connection.execute(select(func.max(events.c.seq)))).scalar() or 0)
