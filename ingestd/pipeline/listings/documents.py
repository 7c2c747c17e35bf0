"""Read documents that list entries.  Failures are retried here, since no later poll requests the document again."""

import asyncio
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from ingestd.archive.protocol import Archive, StoredBody
from ingestd.discovery.feed_links import FoundFeed
from ingestd.errors import Held, IngestError, ParseError, Refused
from ingestd.model.feed import Feed
from ingestd.model.timing import Timing
from ingestd.pipeline import subjects
from ingestd.pipeline.read import (
    FetchedPage,
    fetch_page,
    find_feeds,
    listed_entries,
    naming_document,
    read_feed,
    read_reply,
)
from ingestd.pipeline.refused_answers import keep_refused_answer
from ingestd.pipeline.retry import Retries, is_lasting_refusal
from ingestd.policy.polling.cadence import next_attempt
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.work.entries import ClaimedEntry
from ingestd.urls import without_userinfo
from ingestd.web.fetcher import Fetcher
from ingestd.workers.pool import Pool
from ingestd.workers.results import ParsedFeed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed document."""

    feed: Feed
    #: Its entries with their fingerprints, in document order.
    listed_entries: tuple[ListedEntry, ...]
    #: None: the document was not fetched.
    raw: StoredBody | None = None


class DocumentReader:
    """Reader of feeds and sitemaps, from URLs or from bytes."""

    def __init__(
        self, *, fetcher: Fetcher, pool: Pool, archive: Archive, retries: Retries, timing: Timing, max_body: int
    ) -> None:
        self._fetcher = fetcher
        self._pool = pool
        self._archive = archive
        self._retries = retries
        self._timing = timing
        #: Largest document, in bytes.
        self.max_body = max_body

    async def fetch(self, url: str, *, obey_robots: bool = False) -> Document:
        """Fetch and parse a document, with as many attempts as an entry has; a 204 is one without entries.

        Raises FetchError, ParseError, WorkerError after the last attempt, or at once if a retry cannot succeed.
        """
        attempt = 1
        while True:
            try:
                return await self._fetch(url, obey_robots=obey_robots)
            except IngestError as error:
                await keep_refused_answer(self._archive, url, error)
                if error.fate == "never" or attempt >= self._timing.attempts or is_final(error):
                    raise
                await self._wait(url, error, attempt)
                attempt += 1

    async def _fetch(self, url: str, *, obey_robots: bool) -> Document:
        reply = await self._fetcher.get(url, obey_robots=obey_robots, accepts_204=True)
        if reply.has_no_document:
            return Document(feed=Feed(format="none"), listed_entries=())
        with naming_document(url):
            document = _document_of(await read_reply(self._pool, reply))
        about = subjects.of_list(item.entry.link for item in document.listed_entries)
        answer = reply.answer(datetime.now(UTC))
        raw = await self._retries.while_unavailable(lambda: self._archive.put(reply.body, "feed", answer, about))
        return replace(document, raw=raw)

    async def parse(self, body: bytes, *, url: str, content_type: str | None = None) -> Document:
        """Parse a document in a worker process; raises ParseError, WorkerError."""
        return _document_of(await read_feed(self._pool, body, url=url, content_type=content_type))

    async def find_feeds(self, url: str) -> tuple[FoundFeed, ...]:
        """Return the feeds that a web page links to, if robots.txt allows it; raises FetchError, WorkerError."""
        return await find_feeds(self._pool, await self._fetcher.get(url, obey_robots=True))

    async def fetch_page(self, work: ClaimedEntry) -> FetchedPage | None:
        """Return an entry's page, fetched as for a polled entry; raises FetchError, ParseError."""
        return await fetch_page(self._fetcher, work.entry, work.validators)

    async def _wait(self, url: str, error: IngestError, attempt: int) -> None:
        now = datetime.now(UTC)
        retry_at = next_attempt(
            now,
            attempt=attempt,
            first=self._timing.retry_delay,
            retry_after=_retry_after(error),
            jitter=random.random(),  # noqa: S311 - spreads load, not for security
        )
        seconds = (retry_at - now).total_seconds()
        log.warning("document failed", url=without_userinfo(url), error=str(error), seconds=round(seconds, 1))
        await asyncio.sleep(seconds)


def _document_of(parsed: ParsedFeed) -> Document:
    return Document(feed=parsed.feed, listed_entries=listed_entries(parsed))


def _retry_after(error: IngestError) -> float | None:
    """Return the seconds that the server asked us to wait, or for which its site is on hold."""
    if isinstance(error, Held):
        return error.seconds
    return error.retry_after if isinstance(error, Refused) else None


def is_final(error: IngestError) -> bool:
    """Return whether another attempt gives the same: the server refuses the URL, or what is there is no document."""
    return isinstance(error, ParseError) or is_lasting_refusal(error)
