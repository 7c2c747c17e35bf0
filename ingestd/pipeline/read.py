"""Fetch pages and enclosures, parse feeds, extract articles; nothing is stored here.

Parsing and extraction run in worker processes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ingestd.discovery.feed_links import FoundFeed
from ingestd.errors import ParseError
from ingestd.model.answer import Answer
from ingestd.model.feed import Entry, with_next_page
from ingestd.model.page import Page
from ingestd.model.reply import Reply
from ingestd.model.source import NO_VALIDATORS, Validators
from ingestd.model.text_references import is_by_reference
from ingestd.model.version import Version
from ingestd.pipeline.stories.made_sketches import MadeSketches
from ingestd.policy.articles.plausible_dates import article_with_plausible_dates, entry_with_plausible_dates
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.urls import without_userinfo
from ingestd.web.body.memory_budget import Reservation
from ingestd.web.fetcher import ACCEPT_PAGE, Fetcher
from ingestd.web.link_header import links_in
from ingestd.workers.pool import Pool
from ingestd.workers.results import ExtractedArticle, IndexedArticle, ParsedFeed

#: Stands for the URL of a page that has none; relative references in the page resolve against it.
PLACEHOLDER_URL = "http://localhost/"


def listed_entries(parsed: ParsedFeed) -> tuple[ListedEntry, ...]:
    """Return the entries of a feed with their fingerprints and versions, in document order."""
    listed = zip(parsed.feed.entries, parsed.fingerprints, parsed.versions, strict=True)
    return tuple(
        ListedEntry(entry=entry, fingerprint=fingerprint, version=None if is_by_reference(entry) else version)
        for entry, fingerprint, version in listed
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedEnclosure:
    """The body of an enclosure and the versions of wire items in it."""

    body: bytes
    answer: Answer | None
    #: At least one, in document order.
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage:
    """The page of an entry, with the entry's URL and the validators of the response."""

    page: Page
    #: The entry's link, before redirects.  None: the entry has no link.
    url: str | None
    validators: Validators = NO_VALIDATORS
    #: None: the page was not fetched.
    answer: Answer | None = None


async def read_reply(pool: Pool, reply: Reply, *, known: frozenset[bytes] | None = None) -> ParsedFeed:
    """Parse the feed in a reply, as `read_feed` does; links of its Link header count as the feed's own."""
    parsed = await read_feed(pool, reply.body, url=reply.final_url, content_type=reply.content_type, known=known)
    return replace(parsed, feed=with_next_page(parsed.feed, reply.next_page))


async def find_feeds(pool: Pool, reply: Reply) -> tuple[FoundFeed, ...]:
    """Return the feeds that a web page or the Link header of its response names; raises WorkerError."""
    links = links_in((value for name, value in reply.headers if name.lower() == "link"), reply.final_url)
    announced = [(link.url, link.relations, link.type, link.title) for link in links]
    job = "ingestd.workers.jobs:find_feeds"
    found: tuple[FoundFeed, ...] = await pool.run(job, reply.body, reply.final_url, reply.content_type, announced)
    return found


@contextmanager
def naming_document(url: str) -> Iterator[None]:
    """Begin the message of a ParseError with the URL of its document, for a person who reads it alone."""
    try:
        yield
    except ParseError as error:
        raise type(error)(f"{without_userinfo(url)}: {error}") from error


async def read_feed(
    pool: Pool, body: bytes, *, url: str, content_type: str | None, known: frozenset[bytes] | None = None
) -> ParsedFeed:
    """Parse a feed in a worker process and drop implausible dates; raises ParseError, WorkerError.

    Items whose hashes are `known` may be skipped; None: parse all.
    """
    arguments = (body, url, content_type) if known is None else (body, url, content_type, known)
    parsed: ParsedFeed = await pool.run("ingestd.workers.jobs:parse_feed", *arguments)
    now = datetime.now(UTC)
    entries = tuple(entry_with_plausible_dates(entry, now) for entry in parsed.feed.entries)
    versions = tuple(_with_plausible_dates(version, now) for version in parsed.versions)
    implausible = sum(one is not other for one, other in zip(entries, parsed.feed.entries, strict=True))
    warnings = (f"dates of the future or of no time were dropped: {implausible} entries",) if implausible else ()
    feed = replace(parsed.feed, entries=entries, warnings=parsed.feed.warnings + warnings)
    return replace(parsed, feed=feed, versions=versions)


def _with_plausible_dates(version: Version | None, now: datetime) -> Version | None:
    return version and replace(version, article=article_with_plausible_dates(version.article, now))


async def read_page(pool: Pool, page: Page, *, fetched_at: datetime | None = None) -> ExtractedArticle:
    """Extract a page's article in a worker process; raises ExtractError, WorkerError.

    Dates that were implausible at `fetched_at` are dropped.  None: the page was fetched just now.
    """
    extracted: ExtractedArticle = await pool.run("ingestd.workers.jobs:extract", page)
    return _with_plausible_article_dates(extracted, fetched_at or datetime.now(UTC))


async def read_new_page(
    pool: Pool,
    page: Page,
    *,
    is_indexed: bool = True,
    level: int | None = None,
    sketches: MadeSketches | None = None,
) -> IndexedArticle:
    """Extract the article of a page that was fetched just now; raises as `read_page` does.

    With `is_indexed`, the worker process also makes its entry of the full-text index, compresses the page at a `level`
    of zstd, if there is one, and makes the sketch of its text, if that is to be kept in `sketches`.
    """
    if not is_indexed:
        return IndexedArticle(extracted=await read_page(pool, page))
    base = sketches.base if sketches else None
    found: IndexedArticle = await pool.run("ingestd.workers.indexed:extract", page, level, base)
    if sketches and base is not None and found.sketch:
        sketches.put(found.extracted.article.body_text, found.sketch, base)
    return replace(found, extracted=_with_plausible_article_dates(found.extracted, datetime.now(UTC)), sketch=None)


def _with_plausible_article_dates(extracted: ExtractedArticle, now: datetime) -> ExtractedArticle:
    article = article_with_plausible_dates(extracted.article, now)
    return extracted if article is extracted.article else replace(extracted, article=article)


async def fetch_enclosure(
    fetcher: Fetcher, pool: Pool, url: str, *, reservation: Reservation | None = None
) -> FetchedEnclosure:
    """Fetch an enclosure and parse its wire items; raises FetchError, ParseError, WorkerError."""
    reply = await fetcher.get(url, obey_robots=True, reservation=reservation)
    parsed = await read_reply(pool, reply)
    versions = tuple(item.version for item in listed_entries(parsed) if item.version)
    if not versions:
        raise ParseError(f"the enclosure has no wire item; its format is {parsed.feed.format}")
    return FetchedEnclosure(body=reply.body, answer=reply.answer(datetime.now(UTC)), versions=versions)


async def fetch_page(
    fetcher: Fetcher, entry: Entry, validators: Validators = NO_VALIDATORS, *, reservation: Reservation | None = None
) -> FetchedPage | None:
    """Return an entry's page: the entry's own content if that is the full text, else the page at its link.

    `validators` are those of the last visit; the body counts against `reservation`.
    None: the page has not changed since that visit (304).
    Raises FetchError; ParseError if the entry has neither link nor text.
    """
    if entry.body_html is not None:
        # Without a link, relative references have no meaning, and no URL is stored.
        body = entry.body_html.encode("utf-8", "replace")
        page = Page(url=entry.link or PLACEHOLDER_URL, body=body, entry=entry, fragment=True)
        return FetchedPage(page=page, url=entry.link)
    if entry.link is None:
        raise ParseError("the entry has neither a link nor text")
    reply = await fetcher.get(
        entry.link, validators=validators, accept=ACCEPT_PAGE, obey_robots=True, reservation=reservation
    )
    if reply.not_modified:
        return None
    page = Page(url=reply.final_url, body=reply.body, content_type=reply.content_type, entry=entry)
    answer = reply.answer(datetime.now(UTC))
    return FetchedPage(page=page, url=entry.link, validators=reply.validators, answer=answer)
