"""What every way of looking works with, and what it comes to."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from ingestd.model.source import Source
from ingestd.pipeline.listings.documents import Documents
from ingestd.store.database import Database
from ingestd.store.polls import gaps
from ingestd.store.polls.gaps import Gap
from ingestd.store.polls.poll_result import Announcement
from ingestd.urls import comparable
from ingestd.web.fetcher import Fetcher

#: Documents that one way may fetch for one gap, at a try.
MOST_DOCUMENTS = 20

#: By how much another document may date an entry otherwise than the source's feed does.
EARLIER_OR_LATER = timedelta(minutes=10)

#: An address's origin and the first folder of its path.
Section = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a way looks with."""

    database: Database
    fetcher: Fetcher
    documents: Documents


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairResult:
    """What one way of looking came to."""

    #: Entries that were not known.
    found: tuple[Announcement, ...] = ()
    #: Whether nothing can be missing any more.
    whole: bool = False
    note: str


#: Looks for what a gap of a source may have lost; raises IngestError where it cannot.
Method = Callable[[Tools, Gap, Source], Awaitable[RepairResult]]


def is_dated_in(item: Announcement, gap: Gap) -> bool:
    """Say whether an entry was published, or changed, in the time of a gap."""
    times = (item.entry.published, item.entry.updated)
    return any(gap.from_at - EARLIER_OR_LATER <= time < gap.to_at + EARLIER_OR_LATER for time in times if time)


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
    tools: Tools, found: Iterable[Announcement], sections: Collection[Section], *, seen: Collection[str] = ()
) -> tuple[Announcement, ...]:
    """Return the entries that lie in these sections and that no source has announced, each address once.

    `seen` are addresses, as they are compared, that are known as well.
    """
    wanted: dict[str, Announcement] = {}
    for item in found:
        if item.entry.link and section(item.entry.link) in sections:
            wanted.setdefault(comparable(item.entry.link), item)
    links = {address: item.entry.link or "" for address, item in wanted.items()}
    async with tools.database.read() as connection:
        known = await gaps.known_urls(connection, {*links, *links.values()})
    return tuple(
        item for address, item in wanted.items() if not {address, links[address]} & known and address not in seen
    )
