"""Find other sources of the same site that were watched throughout a gap, and the entries at the gap's edges."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.polling.gap_edges import GapEdges, newest_addresses
from ingestd.store.polls.gaps import Gap
from ingestd.store.schema.tables import aliases, entries, gaps, sources
from ingestd.store.statements import chunks
from ingestd.urls import comparable

#: Limits: sources of one site, and latest entries before a gap.
_MAX_SOURCES, _MAX_BEFORE = 20, 200


async def gap_ends(connection: AsyncConnection, gap: Gap) -> GapEdges:
    """Return the URLs of the source's entries at both edges of a gap, without entries that backfills added."""
    own = select(entries.c.first_seen_at, entries.c.url).where(
        entries.c.source_id == gap.source_id, entries.c.url.is_not(None), entries.c.backfill_id.is_(None)
    )
    before = own.where(entries.c.first_seen_at <= gap.from_at).order_by(
        entries.c.first_seen_at.desc(), entries.c.id.desc()
    )
    after = own.where(entries.c.first_seen_at == gap.to_at)
    rows = [(when, comparable(url)) for when, url in await connection.execute(before.limit(_MAX_BEFORE))]
    after_gap = frozenset(comparable(url) for _, url in await connection.execute(after))
    return GapEdges(before=newest_addresses(rows), after=after_gap)


async def watched_throughout(connection: AsyncConnection, gap: Gap) -> list[Row[Any]]:
    """Return the other sources of the site that were watched throughout a gap and have no gap of their own in it.

    An accepted gap counts as a gap: its entries are missing.
    """
    same_site = select(sources.c.site).where(sources.c.id == gap.source_id).scalar_subquery()
    own_gaps = select(gaps.c.id).where(
        gaps.c.source_id == sources.c.id,
        gaps.c.state != "repaired",
        gaps.c.from_at < gap.to_at,
        gaps.c.to_at > gap.from_at,
    )
    query = select(sources).where(
        sources.c.site == same_site,
        sources.c.id != gap.source_id,
        sources.c.kind == "feed",
        sources.c.watched_since <= gap.from_at,
        sources.c.last_success_at >= gap.to_at,
        ~own_gaps.exists(),
    )
    return list((await connection.execute(query.order_by(sources.c.id).limit(_MAX_SOURCES))).all())


async def source_urls(connection: AsyncConnection, urls: Iterable[tuple[str, str]]) -> set[str]:
    """Return those of the URLs, each given in two forms, that are or were the address of a source."""
    found: set[str] = set()
    for some in chunks([*{form for forms in urls for form in forms}]):
        for column in (sources.c.url, aliases.c.url):
            found.update((await connection.execute(select(column).where(column.in_(some)))).scalars())
    return found
