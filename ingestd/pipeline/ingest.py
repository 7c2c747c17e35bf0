"""The way of one article, from a source's URL to a record.

A source is *polled*: its feed is fetched (asking only for what is new), parsed in a worker process, and sorted by
what was seen before.  What is new or changed is committed as durable work, in one transaction with the validators
that vouch for it and the source's next due time.

Each such entry is *made* a record: its page is fetched, unless the entry carries its full text, the raw bytes are
kept, the article is extracted in a worker process, and the result is committed in one transaction with the entry's
own state.  `policy.articles.identity` decides what it is: a record, a revision, one more carrier, or nothing new.

A page that was fetched is visited again, less and less often while its story ages (`revisiting`).  Where it says what
its record says, nothing is kept; where it is gone or fails, the record stays as it is.

A drop folder is a source as well: its files are taken one by one (`collecting`), and none of it is fetched.

A failure of the source or the page becomes part of what is committed.  A failure of ours (the database is away,
the disk is full) costs nobody anything: the result waits until it can be committed.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256

import structlog

from ingestd.archive.protocol import Archive
from ingestd.errors import Disallowed, Held, IngestError, Refused, StoreError
from ingestd.model.source import Source
from ingestd.model.timing import Timing
from ingestd.pipeline import revisit
from ingestd.pipeline.drop_folder import DropFolderPoller
from ingestd.pipeline.folder_opener import FolderOpener
from ingestd.pipeline.log_events import log_outcome, log_poll
from ingestd.pipeline.poll import Poller
from ingestd.pipeline.poll_schedule import AFTER_LOCAL_FAILURE
from ingestd.pipeline.read import FetchedPage, fetch_enclosure, fetch_page, read_page
from ingestd.pipeline.retry import retry_while_unavailable
from ingestd.pipeline.site_context import SiteContexts
from ingestd.policy.polling.cadence import next_attempt
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.operations.decisions import Stage as Decided
from ingestd.store.operations.failures import failure_of, stage_of
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.records.outcomes import EntryOutcome, Failed, RevisitFailed, Saved, Untouched, Unwrapped
from ingestd.store.work.entries import ClaimedEntry
from ingestd.text import clean
from ingestd.urls import is_folder, site, without_userinfo
from ingestd.web.body.memory_budget import Reservation
from ingestd.web.fetcher import Fetcher
from ingestd.workers.pool import Pool

log = structlog.get_logger(__name__)

#: Gets an entry's page; None when it is what it was.
Fetch = Callable[[ClaimedEntry], Awaitable[FetchedPage | None]]


class Ingest:
    """Polls sources and makes records, with the tools it is handed."""

    def __init__(
        self,
        *,
        run_id: str,
        database: Database,
        fetcher: Fetcher,
        pool: Pool,
        archive: Archive,
        poll_commits: Batches[PollResult],
        save_commits: Batches[EntryOutcome],
        folders: FolderOpener,
        timing: Timing,
        max_body: int,
    ) -> None:
        self.run_id = run_id
        self.database = database
        self.fetcher = fetcher
        self.pool = pool
        self.archive = archive
        self.timing = timing
        self._save_commits = save_commits
        self._site_contexts = SiteContexts(database)
        self._revisit_lock = asyncio.Lock()
        self.poller = Poller(
            run_id=run_id,
            database=database,
            fetcher=fetcher,
            pool=pool,
            archive=archive,
            commits=poll_commits,
            timing=lambda: self.timing,
        )
        self.folder_poller = DropFolderPoller(
            run_id=run_id,
            database=database,
            poller=self.poller,
            folders=folders,
            memory_budget=fetcher.memory_budget,
            timing=lambda: self.timing,
            max_body=max_body,
        )

    async def poll(self, source: Source) -> PollResult:
        """Poll a claimed source and commit what it came to; raises Held when its site is left alone."""
        poll = await (self.folder_poller if is_folder(source.url) else self.poller).poll(source)
        log_poll(poll)
        return poll

    async def process_entry(self, work: ClaimedEntry, *, fetch: Fetch | None = None) -> EntryOutcome:
        """Make a claimed entry a record and commit what it came to; raises Held when its site is left alone.

        `fetch` gets its page where that is not what the entry's link leads to.
        """
        with self.fetcher.memory_budget.reservation() as reservation:
            try:
                if work.entry.payload:
                    outcome: EntryOutcome = await self._unwrap(reservation, work, work.entry.payload)
                else:
                    outcome = await self._process(work, fetch or partial(self._fetch, reservation))
            except Held:
                raise
            except IngestError as error:
                outcome = self._failed(work, error)
            outcome = await self._commit(outcome)
        log_outcome(outcome)
        return outcome

    async def _fetch(self, reservation: Reservation, work: ClaimedEntry) -> FetchedPage | None:
        return await fetch_page(self.fetcher, work.entry, work.validators, reservation=reservation)

    async def _unwrap(self, reservation: Reservation, work: ClaimedEntry, url: str) -> Unwrapped:
        payload = await fetch_enclosure(self.fetcher, self.pool, url, reservation=reservation)
        raw = await retry_while_unavailable(lambda: self.archive.put(payload.body))
        return Unwrapped(work=work, at=datetime.now(UTC), url=url, versions=payload.versions, raw=raw)

    async def _process(self, work: ClaimedEntry, fetch: Fetch) -> EntryOutcome:
        fetched = await fetch(work)
        if fetched is None:
            return self._untouched(work)
        if work.known and work.known.raw == sha256(fetched.page.body).hexdigest():
            return self._untouched(work, fetched)
        # What has no address belongs to no site.
        place = site(fetched.page.url) if fetched.url else ""
        # Those that are visited again take one worker at the most, so that the others are there for what is new.
        async with self._revisit_lock if work.known else nullcontext():
            cleaned = await read_page(self.pool, await self._site_contexts.add_to(fetched.page, place))
        if revisit.is_same(work, cleaned):
            return self._untouched(work, fetched)
        at = datetime.now(UTC)
        raw = await retry_while_unavailable(lambda: self.archive.put(fetched.page.body))
        return Saved(
            work=work,
            at=at,
            article=cleaned.article,
            content_hash=cleaned.content_hash,
            url=fetched.url,
            fragment=fetched.page.fragment,
            page_url=without_userinfo(fetched.page.url),
            content_type=clean(fetched.page.content_type or "") or None,
            extractor=cleaned.extractor.name,
            rules=cleaned.extractor.rules,
            whole_hash=cleaned.whole_hash,
            site=place,
            block_hashes=cleaned.block_hashes,
            raw=raw,
            validators=fetched.validators,
            visits=work.visits if fetched.page.fragment else revisit.visits_after(work, at, self.timing, cleaned.article),
        )

    def _untouched(self, work: ClaimedEntry, fetched: FetchedPage | None = None) -> Untouched:
        at = datetime.now(UTC)
        visits = revisit.visits_after(work, at, self.timing)
        return Untouched(work=work, at=at, visits=visits, validators=fetched.validators if fetched else None)

    async def _commit(self, outcome: EntryOutcome) -> EntryOutcome:
        try:
            await retry_while_unavailable(lambda: self._save_commits.put(outcome))
        except StoreError as error:
            # The database is there and refuses just this: a failure of its own, at the stage "save".
            log.exception("save refused", entry=outcome.work.id)
            outcome = self._failed(outcome.work, error)
            await retry_while_unavailable(lambda: self._save_commits.put(outcome))
        return outcome

    def _failed(self, work: ClaimedEntry, error: IngestError) -> Failed | RevisitFailed:
        at = datetime.now(UTC)
        if work.known:
            return revisit.failed_visit(work, at, self.timing, error)
        is_local = error.local
        attempt = work.attempts + (0 if is_local else 1)
        hopeless = not is_local and (error.fate == "never" or attempt >= self.timing.attempts)
        retry_at = next_attempt(
            at,
            attempt=max(1, attempt),
            first=min(AFTER_LOCAL_FAILURE, max(1.0, self.timing.retry_delay)) if is_local else self.timing.retry_delay,
            retry_after=_retry_after(error),
            jitter=random.random(),  # noqa: S311 - spreads load, guards nothing
        )
        failure = failure_of(
            error,
            stage=stage_of(error),
            at=at,
            attempt=max(1, attempt),
            url=work.entry.link,
            source_id=work.source_id,
            entry_id=work.id,
        )
        return Failed(
            work=work, at=at, failure=failure, attempts=attempt, retry_at=None if hopeless else retry_at,
            reason=_why_given_up(error, attempt) if hopeless else None,
        )  # fmt: skip


def _why_given_up(error: IngestError, attempt: int) -> tuple[Decided, str]:
    """Return the stage of a decision, and its reason."""
    if isinstance(error, Disallowed):
        return "robots", error.reason
    return "limit", f"{error}" if error.fate == "never" else f"{attempt} attempts failed, the last one with {error}"


def _retry_after(error: IngestError | None) -> float | None:
    return error.retry_after if isinstance(error, Refused) else None
