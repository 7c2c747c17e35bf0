"""`backfill sitemap`: the pages that a sitemap lists, or an index of sitemaps (sitemaps.org)."""

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingestd.model.feed import Entry
from ingestd.pipeline.listings.documents import Document, DocumentReader
from ingestd.pipeline.listings.listing import ListingStep, ListingTask
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.times import parse_iso

#: An index lists sitemaps, not indexes (sitemaps.org, protocol); some do, and deeper than this is a loop.
_DEEPEST = 4


async def list_sitemap(documents: DocumentReader, task: ListingTask) -> AsyncGenerator[ListingStep, None]:
    """List the pages of a sitemap; options `since` and `until` are times, `undated` whether pages without one count.

    A page's time is its publication where the news extension gives it, otherwise its last change.
    Sitemaps that an index says did not change since are not fetched.
    A page that `since` or `until` leave out, or that has no time to compare with, is counted as left out.

    The position is the way through the indexes down to the sitemap read last, which is read again.
    """
    times = {name: parse_iso(task.options[name]) if task.options.get(name) else None for name in ("since", "until")}
    span = Span(since=times["since"], until=times["until"], undated=bool(task.options.get("undated")))
    way: Sequence[str] = task.position.get("way") or ()
    async for step in _walk(documents, span, (task.argument,), tuple(way[1:])):
        yield step


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time asked for: from `since` (inclusive) to `until` (exclusive), either may be open."""

    since: datetime | None
    until: datetime | None
    undated: bool

    def leaves_out(self, entry: Entry) -> str | None:
        """Return why an entry is not asked for; None when it is."""
        time = entry.published or entry.updated
        if time is None:
            return None if self.undated or not (self.since or self.until) else "undated"
        if self.since and time < self.since:
            return "older"
        return "newer" if self.until and time >= self.until else None

    def may_be_in(self, changed: datetime | None) -> bool:
        """Say whether a sitemap that changed then can list anything asked for."""
        return not (self.since and changed and changed < self.since)


async def _walk(
    documents: DocumentReader, span: Span, way: tuple[str, ...], rest: tuple[str, ...]
) -> AsyncGenerator[ListingStep, None]:
    """Walk the document at the end of `way`, and what it lists; `rest` is where an earlier walk was below it."""
    document = await documents.fetch(way[-1], obey_robots=True)
    children = [url for url, changed in document.feed.children if span.may_be_in(changed)]
    if not document.feed.children:
        yield _step(document, span, way)
        return
    yield ListingStep(found=(), position={"way": [*way, *rest]}, raw=document.raw)
    if rest and rest[0] in children:
        children = children[children.index(rest[0]) :]
    for child in children:
        if child in way or len(way) >= _DEEPEST:
            continue
        async for step in _walk(documents, span, (*way, child), rest[1:] if rest[:1] == (child,) else ()):
            yield step


def _step(document: Document, span: Span, way: Sequence[str]) -> ListingStep:
    found: list[ListedEntry] = []
    left_out: Counter[str] = Counter()
    for item in document.listed_entries:
        if why := span.leaves_out(item.entry):
            left_out[why] += 1
        else:
            found.append(item)
    return ListingStep(found=tuple(found), position={"way": [*way]}, raw=document.raw, left_out=left_out)
