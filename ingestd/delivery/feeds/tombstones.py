"""What was in a feed and must not be shown any more."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.delivery.feeds.index import PUBLISHED, matching
from ingestd.filters import Filter
from ingestd.model.event import Event
from ingestd.renderers.feeds.document import Tombstone
from ingestd.store.consumers.former import WITHDRAWALS
from ingestd.store.events import event_log
from ingestd.store.schema.tables import events
from ingestd.store.statements import chunks

#: Withdrawals that the feed itself names, at most; those of entries in its archive are there, too, for good.
MAX_TOMBSTONES = 500
_COMMENTS = {"killed": "killed", "withheld": "withheld", "purged": "removed", "merged": "a double of another entry"}


async def newest(connection: AsyncConnection, filters: tuple[Filter, ...]) -> tuple[Tombstone, ...]:
    """Return the newest withdrawals of records that were published before, the newest first.

    A record that was withheld from the beginning was in no feed: nobody needs to know its guid.
    """
    kept = await event_log.read_range(connection)
    last: dict[int, int] = {}
    for kind in sorted(WITHDRAWALS):
        query = select(events.c.record_id, events.c.seq).where(events.c.kind == kind, events.c.seq >= kept.first)
        for row in await connection.execute(query.order_by(events.c.seq.desc()).limit(MAX_TOMBSTONES)):
            last[row.record_id] = max(row.seq, last.get(row.record_id, 0))
    seqs = sorted(last.values(), reverse=True)[:MAX_TOMBSTONES]
    published = await _last_published(connection, [record for record, seq in last.items() if seq in set(seqs)], last)
    gone = [seq for record, seq in last.items() if published.get(record) == "before"]
    return await _tombstones(connection, gone, filters)


async def _last_published(
    connection: AsyncConnection, record_ids: Collection[int], withdrawn: dict[int, int]
) -> dict[int, str]:
    """Return of records whether they were published before they were withdrawn, or have been since."""
    found: dict[int, str] = {}
    for some in chunks(sorted(record_ids)):
        query = (
            select(events.c.record_id, func.min(events.c.seq).label("first"), func.max(events.c.seq).label("last"))
            .where(events.c.record_id.in_(some), events.c.kind.in_(sorted(PUBLISHED)))
            .group_by(events.c.record_id)
        )
        for row in await connection.execute(query):
            seq = withdrawn[row.record_id]
            found[row.record_id] = "since" if row.last > seq else "before" if row.first < seq else "never"
    return found


async def of_records(
    connection: AsyncConnection, record_ids: Collection[int], filters: tuple[Filter, ...]
) -> tuple[Tombstone, ...]:
    """Return the tombstones of records that are in an archive document and may not be shown, the newest first."""
    seqs: list[int] = []
    for some in chunks(sorted(record_ids)):
        query = (
            select(func.max(events.c.seq))
            .where(events.c.record_id.in_(some), events.c.kind.in_(sorted(WITHDRAWALS)))
            .group_by(events.c.record_id)
        )
        seqs += [seq for (seq,) in await connection.execute(query)]
    return await _tombstones(connection, seqs, filters)


async def _tombstones(
    connection: AsyncConnection, seqs: Sequence[int], filters: tuple[Filter, ...]
) -> tuple[Tombstone, ...]:
    found: list[Event] = []
    for some in chunks(sorted(seqs)):
        found += await event_log.read_some(connection, some)
    return tuple(
        Tombstone(guid=event.guid, when=event.at, comment=_COMMENTS.get(event.kind))
        for event in reversed(await matching(connection, found, filters))
    )
