"""By the feeds that the source's pages name: its home page, and the front pages of its sections."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from ingestd.errors import IngestError
from ingestd.model.source import Source
from ingestd.pipeline.listings.documents import Document
from ingestd.policy.polling.gap_edges import GapEdges, positions_between
from ingestd.repair.method import RepairContext, RepairResult, Section, is_dated_in, sections, unknown
from ingestd.store.polls import sibling_sources
from ingestd.store.polls.gaps import Gap
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.work.entries import latest_urls
from ingestd.urls import comparable, resolve, without_userinfo

#: Pages that are looked at for feeds, and feeds that are read, for one gap at a try.
PAGES, FEEDS = 3, 5


async def repair_from_named_feeds(tools: RepairContext, gap: Gap, source: Source) -> RepairResult:
    """Read the feeds that the source's pages name and that are no sources, for entries of that time and section.

    The gap is closed when one of them vouches for it (`policy.polling.gap_edges`); no more are read then.  What
    stands between the ends there is of that time, whatever its date.  robots.txt is obeyed; a page or a feed that
    cannot be read is noted, and costs itself alone.
    """
    async with tools.database.read() as connection:
        urls = await latest_urls(connection, source.id)
        ends = await sibling_sources.gap_ends(connection, gap)
    places, seen = sections(urls), {comparable(url) for url in urls}
    feeds, notes = await _named(tools, source, places)
    found: dict[str, ListedEntry] = {}
    for url in feeds:
        try:
            document = await tools.documents.fetch(url, obey_robots=True)
        except IngestError as error:
            notes.append(str(error))
            continue
        within, vouches = _of_that_time(document, gap, ends)
        new = await unknown(tools, within, places, seen=seen)
        found |= {comparable(item.entry.link or ""): item for item in new}
        if vouches:
            note = f"{without_userinfo(url)} has all entries beside the gap and what is between them"
            return RepairResult(found=tuple(found.values()), whole=True, note=note)
    what = f"other feeds that its pages name, none of which has all entries beside the gap: {len(feeds)}"
    what = what if feeds else "its pages name no other feed"
    return RepairResult(found=tuple(found.values()), note="; ".join([what, *notes]))


def _of_that_time(document: Document, gap: Gap, ends: GapEdges) -> tuple[list[ListedEntry], bool]:
    """Return the entries of a document that are of a gap's time, and whether it vouches that these are all."""
    listed = document.listed_entries
    middle = positions_between([comparable(item.entry.link) if item.entry.link else None for item in listed], ends)
    return [item for at, item in enumerate(listed) if at in (middle or ()) or is_dated_in(item, gap)], (
        middle is not None
    )


async def _named(tools: RepairContext, source: Source, places: Sequence[Section]) -> tuple[list[str], list[str]]:
    """Return the feeds to read, those first whose address names a section, and which pages could not be read."""
    named: dict[str, str] = {}
    notes: list[str] = []
    for page in _pages(source, places):
        try:
            for feed in await tools.documents.find_feeds(page):
                named.setdefault(comparable(feed.url), feed.url)
        except IngestError as error:
            notes.append(str(error))
    async with tools.database.read() as connection:
        # What is a source is polled in its own time, or not, as its operator wants it.
        polled = {comparable(url) for url in await sibling_sources.source_urls(connection, named.items())}
    new = [url for address, url in named.items() if address not in polled and address != comparable(source.url)]
    folders = {folder for _, folder in places if folder}
    return sorted(new, key=lambda url: folders.isdisjoint(urlsplit(url).path.split("/")))[:FEEDS], notes


def _pages(source: Source, places: Iterable[Section]) -> list[str]:
    """Return the pages that may name feeds: the home page as the feed names it, then those of the sections."""
    home = resolve(source.url, source.home)
    fronts = [f"{origin}{folder}/" if folder else origin for origin, folder in places]
    return list({comparable(url): url for url in [home, *fronts] if url}.values())[:PAGES]
