"""By the site's sitemaps: its pages of that time, in the sections that the source is of."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ingestd.model.source import Source
from ingestd.pipeline.listings.listing import ListingTask
from ingestd.pipeline.listings.sitemap import list_sitemap
from ingestd.repair.method import MAX_DOCUMENTS, RepairContext, RepairResult, is_dated_in, sections, unknown
from ingestd.store.polls import sibling_sources
from ingestd.store.polls.gaps import Gap
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.work.entries import latest_urls
from ingestd.times import iso
from ingestd.urls import comparable, site

#: Sitemaps of a site that are looked into.
_SITEMAPS = 5


#: How long before a gap pages may be dated that the source listed last before it.
_BACK = timedelta(days=7)


async def repair_from_sitemaps(tools: RepairContext, gap: Gap, source: Source) -> RepairResult:
    """Look into the sitemaps that robots.txt names, for pages of that time in the sections the source is of.

    The gap is closed when they have all entries beside it (`policy.polling.gap_edges`), every page of theirs is
    dated, and all that may list one of its time were read.
    """
    async with tools.database.read() as connection:
        places = sections(await latest_urls(connection, source.id))
        ends = await sibling_sources.gap_ends(connection, gap)
    place = places[0][0] if places else source.url
    sitemaps = [url for url in await tools.fetcher.robots.sitemaps(place) if site(url) == site(place)]
    if not sitemaps:
        return RepairResult(note="robots.txt names no sitemap")
    listed, all_of_them = await _listed(tools, sitemaps[:_SITEMAPS], since=gap.from_at - _BACK)
    vouch = ends.all_in({comparable(item.entry.link) for item in listed if item.entry.link})
    new = await unknown(tools, [item for item in listed if is_dated_in(item, gap)], places)
    whole = vouch and all_of_them and len(sitemaps) <= _SITEMAPS
    what = "all entries beside the gap" if vouch else "not all entries beside the gap"
    return RepairResult(found=new, whole=whole, note=f"{len(sitemaps)} sitemaps, which have {what}")


async def _listed(tools: RepairContext, sitemaps: Iterable[str], *, since: datetime) -> tuple[list[ListedEntry], bool]:
    """Return the dated pages that sitemaps list since a time, and whether these are all that they list since."""
    listed: list[ListedEntry] = []
    undated, documents = 0, 0
    for url in sitemaps:
        task = ListingTask(argument=url, options={"since": iso(since)}, position={})
        async for step in list_sitemap(tools.documents, task):
            listed += step.found
            undated += step.left_out.get("undated", 0)
            documents += step.documents
            if documents >= MAX_DOCUMENTS:
                return listed, False
    return listed, not undated
