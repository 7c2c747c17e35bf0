"""From bytes elsewhere to what they say: a feed parsed, an entry's page fetched, its article extracted.

Parsing and extracting happen in worker processes; nothing here keeps anything.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ingestd.errors import ParseError
from ingestd.model.feed import Entry
from ingestd.model.page import Page
from ingestd.model.source import NO_VALIDATORS, Validators
from ingestd.model.version import Version
from ingestd.policy.articles.plausible_dates import article_with_plausible_dates, entry_with_plausible_dates
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.web.body.memory_budget import Reservation
from ingestd.web.fetcher import ACCEPT_PAGE, Fetcher
from ingestd.workers.pool import Pool
from ingestd.workers.results import Cleaned, ParsedFeed

#: The address of a page that has none.
NOWHERE = "http://localhost/"


def announcements(parsed: ParsedFeed) -> tuple[ListedEntry, ...]:
    """Return the entries of a feed with their fingerprints and versions, in its order."""
    found = zip(parsed.feed.entries, parsed.fingerprints, parsed.versions, strict=True)
    return tuple(ListedEntry(entry=entry, fingerprint=mark, version=version) for entry, mark, version in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedEnclosure:
    """What an enclosure holds: its bytes, and the versions of wire items in them."""

    body: bytes
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """An entry's page, with the address it is known by and the validators it came with."""

    page: Page
    #: None where the entry has none.
    url: str | None
    validators: Validators = NO_VALIDATORS


async def read_feed(pool: Pool, body: bytes, *, url: str, content_type: str | None) -> ParsedFeed:
    """Parse a feed in a worker process, without dates nobody can believe; raises ParseError, WorkerError."""
    parsed: ParsedFeed = await pool.run("ingestd.workers.jobs:parse_feed", body, url, content_type)
    now = datetime.now(UTC)
    entries = tuple(entry_with_plausible_dates(entry, now) for entry in parsed.feed.entries)
    versions = tuple(_with_plausible_dates(version, now) for version in parsed.versions)
    return replace(parsed, feed=replace(parsed.feed, entries=entries), versions=versions)


def _with_plausible_dates(version: Version | None, now: datetime) -> Version | None:
    return version and replace(version, article=article_with_plausible_dates(version.article, now))


async def read_page(pool: Pool, page: Page, *, fetched_at: datetime | None = None) -> Cleaned:
    """Extract a page's article in a worker process; raises ExtractError, WorkerError.

    Dates are believed as of when it was fetched; None is now.
    """
    cleaned: Cleaned = await pool.run("ingestd.workers.jobs:extract", page)
    return replace(cleaned, article=article_with_plausible_dates(cleaned.article, fetched_at or datetime.now(UTC)))


async def fetch_enclosure(fetcher: Fetcher, pool: Pool, url: str, *, reservation: Reservation | None = None) -> FetchedEnclosure:
    """Return the wire items at an enclosure's address; raises FetchError, ParseError, WorkerError."""
    reply = await fetcher.get(url, obey_robots=True, reservation=reservation)
    parsed = await read_feed(pool, reply.body, url=reply.final_url, content_type=reply.content_type)
    versions = tuple(version for version in parsed.versions if version)
    if not versions:
        raise ParseError(f"the enclosure is {parsed.feed.format}, and no wire item")
    return FetchedEnclosure(body=reply.body, versions=versions)


async def fetch_page(
    fetcher: Fetcher, entry: Entry, validators: Validators = NO_VALIDATORS, *, reservation: Reservation | None = None
) -> FetchedPage | None:
    """Return an entry's page: its own content, where that is the full text, or what its link leads to.

    None when the page is what it was when it gave these validators (304).  `guest` has the room for it.
    Raises FetchError, and ParseError for an entry with neither link nor text.
    """
    if entry.body_html is not None:
        # Without a link there is nothing that relative references could mean, and no address is kept.
        body = entry.body_html.encode("utf-8", "replace")
        page = Page(url=entry.link or NOWHERE, body=body, entry=entry, fragment=True)
        return FetchedPage(page=page, url=entry.link)
    if entry.link is None:
        raise ParseError("the entry has neither a link nor a text")
    reply = await fetcher.get(
        entry.link, validators=validators, accept=ACCEPT_PAGE, obey_robots=True, reservation=reservation
    )
    if reply.not_modified:
        return None
    page = Page(url=reply.final_url, body=reply.body, content_type=reply.content_type, entry=entry)
    return FetchedPage(page=page, url=entry.link, validators=reply.validators)
