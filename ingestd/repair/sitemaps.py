"""By the site's sitemaps: its pages of that time, in the sections that the source is of."""

from collections.abc import AsyncGenerator

from ingestd.backfill.listing import Step, Task
from ingestd.backfill.sitemap import list_sitemap
from ingestd.model import Source
from ingestd.repair.way import EARLIER_OR_LATER, MOST_DOCUMENTS, Mended, Tools, sections, unknown
from ingestd.store import gaps
from ingestd.store.gaps import Gap
from ingestd.store.poll import Announcement
from ingestd.times import iso
from ingestd.urls import site

#: Sitemaps of a site that are looked into.
_SITEMAPS = 5


async def by_sitemap(tools: Tools, gap: Gap, source: Source) -> Mended:
    """Look into the sitemaps that robots.txt names, for pages of that time in the sections the source is of."""
    async with tools.database.read() as connection:
        places = sections(await gaps.latest_urls(connection, source.id))
    place = places[0][0] if places else source.url
    sitemaps = [url for url in await tools.fetcher.robots.sitemaps(place) if site(url) == site(place)]
    if not sitemaps:
        return Mended(note="robots.txt names no sitemap")
    found: list[Announcement] = []
    reaches_back = False
    for url in sitemaps[:_SITEMAPS]:
        span = {"since": iso(gap.from_at - EARLIER_OR_LATER), "until": iso(gap.to_at + EARLIER_OR_LATER)}
        steps = list_sitemap(tools.documents, Task(argument=url, options=span, position={}))
        async for step in _some(steps, MOST_DOCUMENTS):
            reaches_back = reaches_back or bool(step.left_out.get("older"))
            found += step.found
    reach = "whose pages reach back before it" if reaches_back else "whose pages do not reach back before it"
    new = await unknown(tools, found, places)
    return Mended(found=new, whole=reaches_back, note=f"{len(sitemaps)} sitemaps, {reach}")


async def _some(steps: AsyncGenerator[Step, None], most: int) -> AsyncGenerator[Step, None]:
    number = 0
    async for step in steps:
        yield step
        number += 1
        if number >= most:
            return
