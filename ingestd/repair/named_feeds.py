"""Repair a gap from other feeds of the site, to which its home page and its sections' front pages link."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from ingestd.errors import IngestError
from ingestd.model.source import Source
from ingestd.pipeline.listings.documents import Document
from ingestd.policy.polling.gap_edges import GapEdges, positions_between
from ingestd.repair.method import RepairContext, RepairResult, Section, is_dated_in, sections, unknown_entries
from ingestd.store.polls import sibling_sources
from ingestd.store.polls.gaps import Gap
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.work.entries import latest_urls
from ingestd.urls import comparable, resolve, without_userinfo

#: Maximum number of pages that are searched for feeds, and of feeds that are read, in one attempt at a gap.
MAX_PAGES, MAX_FEEDS = 3, 5


async def repair_from_named_feeds(context: RepairContext, gap: Gap, source: Source) -> RepairResult:
    """Read feeds that the site's pages link to and that are not sources; find entries of the gap and the sections.

    The gap is complete when a feed covers it (`policy.polling.gap_edges`); no more feeds are read then.  An entry
    listed between the edges of the gap belongs to it, whatever its date.  robots.txt is obeyed; a page or a
    feed that cannot be read is noted and left out.
    """
    async with context.database.read() as connection:
        urls = await latest_urls(connection, source.id)
        edges = await sibling_sources.gap_ends(connection, gap)
    source_sections, seen = sections(urls), {comparable(url) for url in urls}
    feeds, notes = await _find_feeds(context, source, source_sections)
    found: dict[str, ListedEntry] = {}
    for url in feeds:
        try:
            document = await context.reader.fetch(url, obey_robots=True)
        except IngestError as error:
            notes.append(str(error))
            continue
        within, covers_gap = _entries_in(document, gap, edges)
        new = await unknown_entries(context, within, source_sections, seen=seen)
        found |= {comparable(item.entry.link or ""): item for item in new}
        if covers_gap:
            note = f"{without_userinfo(url)} has all entries at the edges of the gap and those between"
            return RepairResult(found=tuple(found.values()), complete=True, note=note)
    note = f"other feeds named by its pages, none with all entries at the edges of the gap: {len(feeds)}"
    note = note if feeds else "its pages name no other feed"
    return RepairResult(found=tuple(found.values()), note="; ".join([note, *notes]))


def _entries_in(document: Document, gap: Gap, edges: GapEdges) -> tuple[list[ListedEntry], bool]:
    """Return the entries of a document that belong to a gap, and whether the document covers the gap."""
    listed = document.listed_entries
    between = positions_between([comparable(item.entry.link) if item.entry.link else None for item in listed], edges)
    return [item for at, item in enumerate(listed) if at in (between or ()) or is_dated_in(item, gap)], (
        between is not None
    )


async def _find_feeds(
    context: RepairContext, source: Source, source_sections: Sequence[Section]
) -> tuple[list[str], list[str]]:
    """Return the feeds to read, those whose URL names a section first, and the errors of pages that failed."""
    named: dict[str, str] = {}
    notes: list[str] = []
    for page in _pages(source, source_sections):
        try:
            for feed in await context.reader.find_feeds(page):
                named.setdefault(comparable(feed.url), feed.url)
        except IngestError as error:
            notes.append(str(error))
    async with context.database.read() as connection:
        # Leave out the feeds that are sources: the daemon polls them, or the operator has paused them.
        polled = {comparable(url) for url in await sibling_sources.source_urls(connection, named.items())}
    new = [url for address, url in named.items() if address not in polled and address != comparable(source.url)]
    folders = {folder for _, folder in source_sections if folder}
    return sorted(new, key=lambda url: folders.isdisjoint(urlsplit(url).path.split("/")))[:MAX_FEEDS], notes


def _pages(source: Source, source_sections: Iterable[Section]) -> list[str]:
    """Return the pages that may name feeds: the home page that the feed states, then the front pages of sections."""
    home = resolve(source.url, source.home)
    fronts = [f"{origin}{folder}/" if folder else origin for origin, folder in source_sections]
    return list({comparable(url): url for url in [home, *fronts] if url}.values())[:MAX_PAGES]
