"""The interface of repair methods, and what they share."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from ingestd.model.source import Source
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.store.database import Database
from ingestd.store.polls.gaps import Gap
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.work.addresses import known_urls
from ingestd.urls import comparable
from ingestd.web.fetcher import Fetcher

#: Maximum number of documents that one method fetches in one attempt at a gap.
MAX_DOCUMENTS = 20

#: The date of an entry may differ by this much between two documents that list it.
DATE_TOLERANCE = timedelta(minutes=10)

#: The origin of a URL and the first folder of its path; "" if it has no folder.
Section = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairContext:
    """The resources of a repair method."""

    database: Database
    fetcher: Fetcher
    reader: DocumentReader


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairResult:
    """The result of one repair method."""

    #: Entries that were unknown.
    found: tuple[ListedEntry, ...] = ()
    #: Whether no entry can be missing any more.
    complete: bool = False
    #: What was read and what it showed, as a message to the operator.
    note: str


#: Looks for the entries that a gap of a source may have lost; raises IngestError if it cannot.
RepairMethod = Callable[[RepairContext, Gap, Source], Awaitable[RepairResult]]


def is_dated_in(item: ListedEntry, gap: Gap) -> bool:
    """Return whether an entry was published or updated during a gap."""
    times = (item.entry.published, item.entry.updated)
    return any(gap.from_at - DATE_TOLERANCE <= time < gap.to_at + DATE_TOLERANCE for time in times if time)


def origin(url: str) -> str:
    """Return the scheme and authority of a URL, as the URL of its home page."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def section_of(url: str) -> Section:
    """Return the origin of a URL and the first folder of its path."""
    folder = urlsplit(url).path.lstrip("/").partition("/")
    return origin(url), folder[0] if folder[1] else ""


def sections(urls: Iterable[str]) -> list[Section]:
    """Return the sections of URLs, most frequent first."""
    return [section for section, _ in Counter(map(section_of, urls)).most_common()]


async def unknown_entries(
    context: RepairContext, found: Iterable[ListedEntry], sections: Collection[Section], *, seen: Collection[str] = ()
) -> tuple[ListedEntry, ...]:
    """Return the entries in these sections that no source has listed, each URL once.

    `seen` are further known URLs, in the form that `comparable` returns.
    """
    wanted: dict[str, ListedEntry] = {}
    for item in found:
        if item.entry.link and section_of(item.entry.link) in sections:
            wanted.setdefault(comparable(item.entry.link), item)
    links = {address: item.entry.link or "" for address, item in wanted.items()}
    async with context.database.read() as connection:
        known = await known_urls(connection, {*links, *links.values()})
    return tuple(
        item for address, item in wanted.items() if not {address, links[address]} & known and address not in seen
    )
