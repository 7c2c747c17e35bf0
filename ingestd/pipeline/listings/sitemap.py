"""List the pages of a sitemap or of a sitemap index (sitemaps.org), for backfills and repairs."""

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingestd.model.feed import Entry
from ingestd.pipeline.listings.documents import Document, DocumentReader
from ingestd.pipeline.listings.listing import ListingStep, ListingTask
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.times import parse_iso

#: Deepest nesting of indexes.  An index must not list indexes (sitemaps.org, protocol), but some do.
_MAX_DEPTH = 4


async def list_sitemap(reader: DocumentReader, task: ListingTask) -> AsyncGenerator[ListingStep, None]:
    """List the pages of a sitemap; options: `since` and `until` are times, `undated` includes pages without a time.

    The time of a page is its publication time if the news extension states it, else the time of its last change.
    Sitemaps that have not changed after `since`, according to their index, are not fetched.
    A page outside the span, or without a time to compare, is counted as left out.

    The position is the path through the indexes to the sitemap that was read last, which is read again.
    """
    times = {name: parse_iso(task.options[name]) if task.options.get(name) else None for name in ("since", "until")}
    span = Span(since=times["since"], until=times["until"], undated=bool(task.options.get("undated")))
    path: Sequence[str] = task.position.get("way") or ()
    async for step in _walk(reader, span, (task.argument,), tuple(path[1:])):
        yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time, from `since` (inclusive) to `until` (exclusive).  None: open."""

    since: datetime | None
    until: datetime | None
    #: Whether pages without a time are included.
    undated: bool

    def leaves_out(self, entry: Entry) -> str | None:
        """Return why an entry is left out.  None: it is included."""
        time = entry.published or entry.updated
        if time is None:
            return None if self.undated or not (self.since or self.until) else "undated"
        if self.since and time < self.since:
            return "older"
        return "newer" if self.until and time >= self.until else None

    def may_be_in(self, changed: datetime | None) -> bool:
        """Return whether a sitemap last changed at this time can list pages of the span."""
        return not (self.since and changed and changed < self.since)


async def _walk(
    reader: DocumentReader, span: Span, path: tuple[str, ...], rest: tuple[str, ...]
) -> AsyncGenerator[ListingStep, None]:
    """List the document at the end of `path` and its children; `rest` is the path below it to resume at."""
    document = await reader.fetch(path[-1], obey_robots=True)
    children = [url for url, changed in document.feed.children if span.may_be_in(changed)]
    if not document.feed.children:
        yield _step(document, span, path)
        return
    yield ListingStep(found=(), position={"way": [*path, *rest]}, raw=document.raw)
    if rest and rest[0] in children:
        children = children[children.index(rest[0]) :]
    for child in children:
        if child in path or len(path) >= _MAX_DEPTH:
            continue
        async for step in _walk(reader, span, (*path, child), rest[1:] if rest[:1] == (child,) else ()):
            yield step


def _step(document: Document, span: Span, path: Sequence[str]) -> ListingStep:
    found: list[ListedEntry] = []
    left_out: Counter[str] = Counter()
    for item in document.listed_entries:
        if why := span.leaves_out(item.entry):
            left_out[why] += 1
        else:
            found.append(item)
    return ListingStep(found=tuple(found), position={"way": [*path]}, raw=document.raw, left_out=left_out)
