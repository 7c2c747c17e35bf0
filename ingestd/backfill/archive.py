"""`backfill archive`: list the history of a feed, page by page (RFC 5005)."""

from collections.abc import AsyncGenerator

from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.pipeline.listings.listing import ListingStep, ListingTask
from ingestd.urls import normalise


async def list_archive(reader: DocumentReader, task: ListingTask) -> AsyncGenerator[ListingStep, None]:
    """List the entries of a feed and of its older documents, linked by `prev-archive` (RFC 5005, 4) or `next` (3).

    The list ends at a document that links to no older one or to one that was read already, or that has no entries.
    """
    url: str | None = task.position.get("url", task.argument)
    seen: set[str] = set()
    while url and (name := normalise(url)) not in seen:
        seen.add(name)
        document = await reader.fetch(url)
        feed = document.feed
        url = (feed.prev_archive or feed.next_page) if feed.entries else None
        yield ListingStep(found=document.listed_entries, position={"url": url}, raw=document.raw)
