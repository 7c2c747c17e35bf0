"""The path of one article, from a source's URL to a record.

A *source* is a feed, a drop folder or an inbox.  Its documents list *entries*, one for each article.  A *record* holds
one article with all its *revisions*; an entry whose article has the same text is a *carrier* of that record.
A *story* is the set of records that have one another's text; once saved, a record is placed in one (`stories.placer`).

**Poll.**  When a source is due, the daemon claims it, so that no other process works on it, and calls `Ingest.poll`.
`Poller` (`poll`) fetches the source's feed with a conditional request, parses it in a worker process and compares its
entries with those in the database (`compare`).  One transaction commits the new and changed entries, the validators of
the response and the time of the next poll.  If the process dies before the commit, the source is still due and the poll
is repeated; if it dies after, the entries are in the database, pending.

**Process.**  An `EntryWorker` (`entry_worker`) claims each pending entry and calls `Ingest.process_entry`:

1. *Fetch* the entry's page (`read`), unless the entry carries its full text, or another entry has fetched the same
   address (`carried_pages`): then it becomes a carrier of that entry's record.
2. *Extract* the article in a worker process.
3. Store the page's raw bytes in the archive.
4. *Save* the result and the entry's new state in one transaction.  `policy.articles.identity` decides whether the
   article becomes a new record, becomes a revision of a record, makes the entry a carrier of a record, or changes
   nothing.

Entries that are wire items skip these steps: they contain the article, and the poll saves them as versions of their
records.  If a feed only links to wire items, as enclosures, the enclosure is fetched and parsed instead of a page.  If
an agency's list has the texts of its items by reference, they are fetched (`text_renditions`), and only a version with
its text is saved.

**Revisit.**  A fetched page is fetched again, less and less often as its record ages (`revisit`).  If the article has
changed, the record gets a new revision; if other rules extracted the record, its page is extracted again for the
comparison (`other_rules`).  If the page is unchanged, gone or cannot be read, the record keeps its text.

**Other ways in.**  The files of a drop folder (`drop_folder`), the documents posted to an inbox (`inbox`) and the
pushes of a WebSub hub (`websub`) are not fetched: they enter at `Poller.push_all` and are parsed like a fetched feed.

**Failures.**  A failure of the source or the page is part of the committed result: the entry is retried later, or
quarantined after the last attempt or if a retry cannot succeed.  A local failure (`IngestError.local`) counts against
no source and no entry; while the database or the archive is unavailable, the commit is retried for some minutes
(`retry`), then the work gives its claim back and is done again.  An unexpected exception fails at the stage "bug".
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256

import structlog

from ingestd.archive.protocol import Archive
from ingestd.errors import ArchiveUnavailable, Held, IngestError, StoreError
from ingestd.model.source import Source
from ingestd.model.text_references import is_by_reference
from ingestd.model.timing import Timing
from ingestd.pipeline import revisit, subjects
from ingestd.pipeline.attempts import failed_attempt, hold_without_source
from ingestd.pipeline.carried_pages import CarriedPages
from ingestd.pipeline.drop_folder import DropFolderPoller
from ingestd.pipeline.folder_opener import FolderOpener
from ingestd.pipeline.groups import Groups
from ingestd.pipeline.log_events import log_outcome, log_poll
from ingestd.pipeline.other_rules import StoredPages
from ingestd.pipeline.poll import Poller
from ingestd.pipeline.read import FetchedPage, fetch_enclosure, fetch_page, read_new_page
from ingestd.pipeline.refused_answers import keep_refused_answer
from ingestd.pipeline.retry import Retries, as_ingest_error, is_local
from ingestd.pipeline.site_context import SiteContexts
from ingestd.pipeline.stories.made_sketches import MadeSketches
from ingestd.pipeline.text_renditions import fetch_text, find_source
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.records.outcomes import (
    CommitResult,
    EntryOutcome,
    Failed,
    RevisitFailed,
    Saved,
    Untouched,
    Unwrapped,
)
from ingestd.store.work.entries import ClaimedEntry
from ingestd.store.work.own_claims import OwnClaims
from ingestd.text import clean
from ingestd.urls import is_folder, site, without_userinfo
from ingestd.web.body.memory_budget import Reservation
from ingestd.web.fetcher import Fetcher
from ingestd.workers.pool import Pool

log = structlog.get_logger(__name__)

#: Fetches an entry's page.  None: the page has not changed.
Fetch = Callable[[ClaimedEntry], Awaitable[FetchedPage | None]]


class Ingest:
    """The pipeline of one run: polls claimed sources and turns claimed entries into records."""

    def __init__(
        self,
        *,
        run_id: str,
        claims: OwnClaims,
        retries: Retries,
        database: Database,
        fetcher: Fetcher,
        pool: Pool,
        archive: Archive,
        poll_commits: Batches[Sequence[PollResult], bool],
        save_commits: Batches[EntryOutcome, CommitResult],
        folders: FolderOpener,
        timing: Timing,
        max_body: int,
        groups: Groups,
    ) -> None:
        self.run_id = run_id
        self.claims = claims
        self.retries = retries
        self.database = database
        self.fetcher = fetcher
        self.pool = pool
        self.archive = archive
        #: Those of the texts that are extracted, for the placer of this process; None: there is none.
        self.sketches: MadeSketches | None = None
        self.timing = timing
        self._save_commits = save_commits
        self._site_contexts = SiteContexts(database, retries)
        self._stored_pages = StoredPages(database, archive, pool, self._site_contexts, retries)
        self._carried_pages = CarriedPages(database, retries)
        self._groups = groups
        self._revisit_lock = asyncio.Lock()
        self.poller = Poller(
            run_id=run_id,
            database=database,
            fetcher=fetcher,
            pool=pool,
            archive=archive,
            retries=retries,
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
        """Poll a claimed source, commit and log the result.

        A result that the database refuses, or an unexpected exception, is a failure of the source.  Raises Held if its
        site is on hold, and a local failure if the result cannot be committed now.
        """
        at = datetime.now(UTC)
        try:
            poll = await (self.folder_poller if is_folder(source.url) else self.poller).poll(source)
        except Exception as error:
            if isinstance(error, Held) or is_local(error):
                raise
            log.exception("bug", source=without_userinfo(source.url))
            poll = await self.poller.fail(source, at, as_ingest_error(error))
        state, next_at = await self._next_attempt(poll)
        log_poll(poll, state=state, next_at=next_at)
        return poll

    async def _next_attempt(self, poll: PollResult) -> tuple[str, datetime | None]:
        """Return the state of the source after its poll, and when it is polled next; None: never.

        A failed poll may have ended the polling (410), and an operator may have done so meanwhile.
        """
        if poll.failure:
            with suppress(StoreError):
                async with self.database.read() as connection:
                    return await sources.next_attempt(connection, poll.source.id)
        return "active", poll.due_at

    async def process_entry(self, work: ClaimedEntry, *, fetch: Fetch | None = None) -> EntryOutcome:
        """Turn a claimed entry into a record, commit and log the outcome.

        An unexpected exception is a failure of the entry.  Raises Held if its site is on hold, and a local failure if
        the outcome cannot be committed now.

        `fetch` replaces the fetch of the entry's link, for pages that come from elsewhere.
        """
        with self.fetcher.memory_budget.reservation() as reservation:
            try:
                if is_by_reference(work.entry):
                    outcome: EntryOutcome = await self._complete(reservation, work)
                elif work.entry.payload:
                    outcome = await self._unwrap(reservation, work, work.entry.payload)
                elif fetch is None and (carried := await self._carried_pages.find(work, self.timing)):
                    outcome = carried
                else:
                    outcome = await self._process(work, fetch or partial(self._fetch, reservation))
            except Held:
                raise
            except Exception as error:
                if is_local(error) and isinstance(error, StoreError | ArchiveUnavailable):
                    raise
                if not isinstance(error, IngestError):
                    log.exception("bug", entry=work.id)
                await keep_refused_answer(self.archive, work.entry.payload or work.entry.link or "", error)
                outcome = self._failed(work, as_ingest_error(error))
            outcome = await self._commit(outcome)
        log_outcome(outcome)
        return outcome

    async def _fetch(self, reservation: Reservation, work: ClaimedEntry) -> FetchedPage | None:
        return await fetch_page(self.fetcher, work.entry, work.validators, reservation=reservation)

    async def _complete(self, reservation: Reservation, work: ClaimedEntry) -> Unwrapped:
        """Fetch the text of an item that its agency gives by reference, as a part of the item."""
        source = await self.retries.while_unavailable(partial(find_source, self.database, work))
        text = await fetch_text(self.fetcher, self.pool, work.entry, source, reservation=reservation)
        subject = subjects.of_item(work.source_id, work.entry.guid)
        raw = await self.retries.while_unavailable(lambda: self.archive.put(text.body, "wire", text.answer, [subject]))
        return Unwrapped(work=work, at=datetime.now(UTC), url=text.url, versions=(text.version,), raw=raw)

    async def _unwrap(self, reservation: Reservation, work: ClaimedEntry, url: str) -> Unwrapped:
        await self.retries.while_unavailable(partial(hold_without_source, self.database, work))
        enclosure = await fetch_enclosure(self.fetcher, self.pool, url, reservation=reservation)
        about = [subjects.of_item(work.source_id, work.entry.guid)]
        put = partial(self.archive.put, enclosure.body, "wire", enclosure.answer, about)
        raw = await self.retries.while_unavailable(put)
        return Unwrapped(work=work, at=datetime.now(UTC), url=url, versions=enclosure.versions, raw=raw)

    async def _process(self, work: ClaimedEntry, fetch: Fetch) -> EntryOutcome:
        fetched = await fetch(work)
        if fetched is None:
            return self._untouched(work)
        if work.known and work.known.raw == sha256(fetched.page.body).hexdigest():
            return self._untouched(work, fetched)
        # A page without a URL belongs to no site.
        page_site = site(fetched.page.url) if fetched.url else ""
        # Revisits use at most one worker process, so that the others are free for new entries, which wait for none.
        async with self._revisit_lock if work.known else self._groups.joined():
            page = await self._site_contexts.add_to(fetched.page, page_site)
            found = await read_new_page(
                self.pool, page, is_indexed=work.known is None, level=self.archive.level, sketches=self.sketches
            )
            extracted = found.extracted
            if revisit.is_same(work, extracted):
                return self._untouched(work, fetched)
            # An entry without a record is compared when it is saved, as hardly any has the address of another record.
            is_compared = work.record_id is not None
            same_text = await self._stored_pages.same_text(work, extracted) if is_compared else None
        if same_text and revisit.is_same(work, extracted, same_text):
            return self._untouched(work, fetched)
        at = datetime.now(UTC)
        subject = subjects.of_item(work.source_id, work.entry.guid)
        raw = await self.retries.while_unavailable(
            lambda: self.archive.put(fetched.page.body, "page", fetched.answer, [subject], frame=found.frame)
        )
        is_fragment = fetched.page.fragment
        visits = work.visits if is_fragment else revisit.visits_after(work, at, self.timing, extracted.article)
        return Saved(
            work=work, at=at, article=extracted.article, content_hash=extracted.content_hash, url=fetched.url,
            fragment=is_fragment, page_url=without_userinfo(fetched.page.url),
            content_type=clean(fetched.page.content_type or "") or None, extractor=extracted.extractor.name,
            rules=extracted.extractor.rules, whole_hash=extracted.whole_hash, site=page_site,
            block_hashes=extracted.block_hashes, same_text=same_text, is_compared=is_compared, index=found.index,
            raw=raw, validators=fetched.validators, visits=visits,
        )  # fmt: skip

    def _untouched(self, work: ClaimedEntry, fetched: FetchedPage | None = None) -> Untouched:
        at = datetime.now(UTC)
        visits = revisit.visits_after(work, at, self.timing)
        return Untouched(work=work, at=at, visits=visits, validators=fetched.validators if fetched else None)

    async def _commit(self, outcome: EntryOutcome) -> EntryOutcome:
        try:
            result = await self._put(outcome)
            if result == "uncompared" and isinstance(outcome, Saved):
                outcome = await self._stored_pages.compared(outcome)
                result = await self._put(outcome)
        except Exception as error:
            if is_local(error):
                raise
            # The database is available but refuses this outcome: a failure of the entry, at the stage "save".
            log.exception("save refused", entry=outcome.work.id)
            outcome = self._failed(outcome.work, as_ingest_error(error))
            result = await self._put(outcome)
        if result == "lost":
            # The entry has changed since, or another run took over; it is made again, or is made already.
            log.info("outcome dropped", entry=outcome.work.id)
        return outcome

    async def _put(self, outcome: EntryOutcome) -> CommitResult:
        return await self.retries.while_unavailable(lambda: self._save_commits.put(outcome))

    def _failed(self, work: ClaimedEntry, error: IngestError) -> Failed | RevisitFailed:
        at = datetime.now(UTC)
        if work.known:
            return revisit.failed_visit(work, at, self.timing, error)
        return failed_attempt(work, at, self.timing, error)
