"""Repair a gap from the site's sitemaps: pages of the same time and sections."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ingestd.model.source import Source
from ingestd.pipeline.listings.listing import ListingTask
from ingestd.pipeline.listings.sitemap import list_sitemap
from ingestd.repair.method import MAX_DOCUMENTS, RepairContext, RepairResult, is_dated_in, sections, unknown_entries
from ingestd.store.polls import sibling_sources
from ingestd.store.polls.gaps import Gap
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.work.entries import latest_urls
from ingestd.times import iso
from ingestd.urls import comparable, site

#: Maximum number of sitemaps of a site that are read.
_MAX_SITEMAPS = 5

#: How long before a gap the entries at its edge may have been published.
_LOOKBACK = timedelta(days=7)


async def repair_from_sitemaps(context: RepairContext, gap: Gap, source: Source) -> RepairResult:
    """Read the sitemaps that robots.txt names, for pages of the gap in the source's sections.

    The gap is complete when the sitemaps list all entries at its edges (`policy.polling.gap_edges`), all their pages
    are dated, and all sitemaps that may list a page of the gap were read.
    """
    async with context.database.read() as connection:
        source_sections = sections(await latest_urls(connection, source.id))
        edges = await sibling_sources.gap_ends(connection, gap)
    home = source_sections[0][0] if source_sections else source.url
    sitemaps = [url for url in await context.fetcher.robots.sitemaps(home) if site(url) == site(home)]
    if not sitemaps:
        return RepairResult(note="robots.txt names no sitemap")
    listed, are_all = await _listed_since(context, sitemaps[:_MAX_SITEMAPS], since=gap.from_at - _LOOKBACK)
    has_edges = edges.all_in({comparable(item.entry.link) for item in listed if item.entry.link})
    new = await unknown_entries(context, [item for item in listed if is_dated_in(item, gap)], source_sections)
    complete = has_edges and are_all and len(sitemaps) <= _MAX_SITEMAPS
    which = "with all entries" if has_edges else "without some entries"
    return RepairResult(found=new, complete=complete, note=f"{len(sitemaps)} sitemaps {which} at the edges of the gap")


async def _listed_since(
    context: RepairContext, sitemaps: Iterable[str], *, since: datetime
) -> tuple[list[ListedEntry], bool]:
    """Return the dated pages that sitemaps list since a time, and whether these are all."""
    listed: list[ListedEntry] = []
    undated, documents = 0, 0
    for url in sitemaps:
        task = ListingTask(argument=url, options={"since": iso(since)}, position={})
        async for step in list_sitemap(context.reader, task):
            listed += step.found
            undated += step.left_out.get("undated", 0)
            documents += step.documents
            if documents >= MAX_DOCUMENTS:
                return listed, False
    return listed, not undated
