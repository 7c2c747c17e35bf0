"""Sources beside a source: which of them were watched all through a gap of it, and what it listed at the gap's ends."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.polling.gap_witness import Ends, newest
from ingestd.store.polls.gaps import Gap
from ingestd.store.schema.tables import aliases, entries, gaps, sources
from ingestd.store.statements import chunks
from ingestd.urls import comparable

#: Sources of one site that are compared, and entries among which the newest before a gap are looked for.
_MOST, _NEWEST = 20, 200


async def ends(connection: AsyncConnection, gap: Gap) -> Ends:
    """Return the addresses of a source's entries at both ends of a gap of it; what backfills found is left out."""
    mine = select(entries.c.first_seen_at, entries.c.url).where(
        entries.c.source_id == gap.source_id, entries.c.url.is_not(None), entries.c.backfill_id.is_(None)
    )
    before = mine.where(entries.c.first_seen_at <= gap.from_at).order_by(
        entries.c.first_seen_at.desc(), entries.c.id.desc()
    )
    after = mine.where(entries.c.first_seen_at == gap.to_at)
    rows = [(when, comparable(url)) for when, url in await connection.execute(before.limit(_NEWEST))]
    first = frozenset(comparable(url) for _, url in await connection.execute(after))
    return Ends(before=newest(rows), after=first)


async def complete_in(connection: AsyncConnection, gap: Gap) -> list[Row[Any]]:
    """Return the id and URL of the other sources of the site that were watched all through a gap and have none in it.

    One that was accepted is one nevertheless: what it lost is lost.
    """
    place = select(sources.c.site).where(sources.c.id == gap.source_id).scalar_subquery()
    holes = select(gaps.c.id).where(
        gaps.c.source_id == sources.c.id,
        gaps.c.state != "repaired",
        gaps.c.from_at < gap.to_at,
        gaps.c.to_at > gap.from_at,
    )
    query = select(sources).where(
        sources.c.site == place,
        sources.c.id != gap.source_id,
        sources.c.kind == "feed",
        sources.c.watched_since <= gap.from_at,
        sources.c.last_success_at >= gap.to_at,
        ~holes.exists(),
    )
    return list((await connection.execute(query.order_by(sources.c.id).limit(_MOST))).all())


async def addresses(connection: AsyncConnection, urls: Iterable[tuple[str, str]]) -> set[str]:
    """Return which of these addresses, each in two forms, are a source's or were one's before it moved."""
    found: set[str] = set()
    for some in chunks([*{form for forms in urls for form in forms}]):
        for column in (sources.c.url, aliases.c.url):
            found.update((await connection.execute(select(column).where(column.in_(some)))).scalars())
    return found
