"""What every way of looking works with, and what it comes to."""

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
from ingestd.store.work.entries import known_urls
from ingestd.urls import comparable
from ingestd.web.fetcher import Fetcher

#: DocumentReader that one way may fetch for one gap, at a try.
MAX_DOCUMENTS = 20

#: By how much another document may date an entry otherwise than the source's feed does.
DATE_TOLERANCE = timedelta(minutes=10)

#: An address's origin and the first folder of its path.
Section = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairContext:
    """What a way looks with."""

    database: Database
    fetcher: Fetcher
    documents: DocumentReader


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairResult:
    """What one way of looking came to."""

    #: Entries that were not known.
    found: tuple[ListedEntry, ...] = ()
    #: Whether nothing can be missing any more.
    whole: bool = False
    note: str


#: Looks for what a gap of a source may have lost; raises IngestError where it cannot.
Method = Callable[[RepairContext, Gap, Source], Awaitable[RepairResult]]


def is_dated_in(item: ListedEntry, gap: Gap) -> bool:
    """Say whether an entry was published, or changed, in the time of a gap."""
    times = (item.entry.published, item.entry.updated)
    return any(gap.from_at - DATE_TOLERANCE <= time < gap.to_at + DATE_TOLERANCE for time in times if time)


def origin(url: str) -> str:
    """Return an address's scheme and authority, as the address of its home page."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def section(url: str) -> Section:
    """Return an address's origin and the first folder of its path."""
    folder = urlsplit(url).path.lstrip("/").partition("/")
    return origin(url), folder[0] if folder[1] else ""


def sections(urls: Iterable[str]) -> list[Section]:
    """Return the sections of these addresses, those of most of them first."""
    return [place for place, _ in Counter(map(section, urls)).most_common()]


async def unknown(
    tools: RepairContext, found: Iterable[ListedEntry], sections: Collection[Section], *, seen: Collection[str] = ()
) -> tuple[ListedEntry, ...]:
    """Return the entries that lie in these sections and that no source has announced, each address once.

    `seen` are addresses, as they are compared, that are known as well.
    """
    wanted: dict[str, ListedEntry] = {}
    for item in found:
        if item.entry.link and section(item.entry.link) in sections:
            wanted.setdefault(comparable(item.entry.link), item)
    links = {address: item.entry.link or "" for address, item in wanted.items()}
    async with tools.database.read() as connection:
        known = await known_urls(connection, {*links, *links.values()})
    return tuple(
        item for address, item in wanted.items() if not {address, links[address]} & known and address not in seen
    )
