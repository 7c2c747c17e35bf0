"""`backfill archive`: a feed's history, page by page (RFC 5005)."""

from collections.abc import AsyncGenerator

from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.pipeline.listings.listing import ListingStep, ListingTask
from ingestd.urls import normalise


async def list_archive(documents: DocumentReader, task: ListingTask) -> AsyncGenerator[ListingStep, None]:
    """List a feed's entries and those before them, along `prev-archive` (RFC 5005, 4) or else `next` (3).

    It ends where a document names none before it, has no entries, or names one that was read already.
    """
    url: str | None = task.position.get("url", task.argument)
    seen: set[str] = set()
    while url and (name := normalise(url)) not in seen:
        seen.add(name)
        document = await documents.fetch(url)
        feed = document.feed
        url = (feed.prev_archive or feed.next_page) if feed.entries else None
        yield ListingStep(found=document.listed_entries, position={"url": url}, raw=document.raw)
