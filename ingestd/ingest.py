"""The way of one article, from a source's URL to a record.

A source is *polled*: its feed is fetched (asking only for what is new), parsed in a worker process, and sorted by
what was seen before.  What is new or changed is committed as durable work, in one transaction with the validators
that vouch for it and the source's next due time.

Each such entry is *made* a record: its page is fetched, unless the entry carries its full text, the raw bytes are
kept, the article is extracted in a worker process, and what comes of it is committed in one transaction with the
entry's own state.  `policy.identity` says what that is: a record, a revision, one more carrier, or nothing new.

A failure of the source or the page becomes part of what is committed.  A failure of ours (the database is away,
the disk is full) costs nobody anything: the result waits until it can be committed.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from time import monotonic

import structlog

from ingestd.archive import Archive
from ingestd.errors import FetchError, IngestError, ParseError, Refused, StoreError
from ingestd.model import Reply, Source, Validators
from ingestd.patience import until_committed
from ingestd.policy.cadence import next_poll, next_try
from ingestd.policy.novelty import pick
from ingestd.reading import Fetched, fetch_page, read_feed, read_page
from ingestd.store import polls
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.entries import Work
from ingestd.store.failures import Stage, failure_of
from ingestd.store.polls import Announcement, Poll
from ingestd.store.saves import Failed, Outcome, Saved, Untouched
from ingestd.telling import log_outcome, log_poll
from ingestd.web.fetcher import Fetcher
from ingestd.workers.pool import Pool

log = structlog.get_logger(__name__)

#: Gets an entry's page; None when it is what it was.
Fetch = Callable[[Work], Awaitable[Fetched | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the operator decided about time; durations in seconds."""

    interval: float = 900.0
    interval_floor: float = 60.0
    #: Tries for an entry before it is given up, and the first wait between two.
    attempts: int = 5
    retry_delay: float = 30.0


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
        poll_commits: Batches[Poll],
        save_commits: Batches[Outcome],
        rules: Rules,
    ) -> None:
        self.run_id = run_id
        self.database = database
        self.fetcher = fetcher
        self.pool = pool
        self.archive = archive
        self.rules = rules
        self._poll_commits = poll_commits
        self._save_commits = save_commits

    async def poll(self, source: Source) -> Poll:
        """Poll a claimed source and commit what it came to."""
        started = monotonic()
        at = datetime.now(UTC)
        try:
            poll = await self._poll(source, at, started)
        except IngestError as error:
            poll = self._failed_poll(source, at, started, error)
        await until_committed(lambda: self._poll_commits.put(poll))
        log_poll(poll)
        return poll

    async def _poll(self, source: Source, at: datetime, started: float) -> Poll:
        reply = await self.fetcher.get(source.url, validators=source.validators)
        due_at = self._next_poll(source, at, failures=0)
        body_hash = sha256(reply.body).digest()
        if reply.not_modified or body_hash == source.body_hash:
            return Poll(
                source=source,
                run_id=self.run_id,
                at=at,
                seconds=monotonic() - started,
                outcome="not_modified" if reply.not_modified else "unchanged",
                due_at=due_at,
                validators=_renewed(source, reply),
                body_hash=source.body_hash,
                status=reply.status,
                size=len(reply.body),
            )
        parsed = await read_feed(self.pool, reply.body, url=reply.final_url, content_type=reply.content_type)
        guids = [entry.guid for entry in parsed.feed.entries]
        known = await until_committed(lambda: self._known(source.id, guids))
        marks = dict(zip(guids, parsed.fingerprints, strict=True))
        picked = pick(zip(parsed.feed.entries, parsed.fingerprints, strict=True), known)
        raw = await until_committed(lambda: self.archive.put(reply.body))
        return Poll(
            source=source,
            run_id=self.run_id,
            at=at,
            seconds=monotonic() - started,
            outcome="new" if picked.new or picked.changed else "known",
            due_at=due_at,
            validators=reply.validators,
            body_hash=body_hash,
            title=parsed.feed.title,
            home=parsed.feed.home,
            status=reply.status,
            size=len(reply.body),
            raw=raw,
            listed=len(guids),
            known=picked.known,
            new=tuple(Announcement(entry=entry, fingerprint=marks[entry.guid]) for entry in picked.new),
            changed=tuple(Announcement(entry=entry, fingerprint=marks[entry.guid]) for entry in picked.changed),
            seen=tuple(known),
        )

    async def _known(self, source_id: int, guids: list[str]) -> dict[str, str]:
        async with self.database.read() as connection:
            return await polls.fingerprints(connection, source_id, guids)

    def _failed_poll(self, source: Source, at: datetime, started: float, error: IngestError) -> Poll:
        attempt = source.failures + 1
        return Poll(
            source=source,
            run_id=self.run_id,
            at=at,
            seconds=monotonic() - started,
            outcome="failed",
            due_at=self._next_poll(source, at, failures=attempt, error=error),
            # What was vouched for before still is.
            validators=source.validators,
            body_hash=source.body_hash,
            status=error.status if isinstance(error, Refused) else None,
            failure=failure_of(error, stage=_stage(error), at=at, attempt=attempt, url=source.url, source_id=source.id),
        )

    def _next_poll(self, source: Source, at: datetime, *, failures: int, error: IngestError | None = None) -> datetime:
        return next_poll(
            at,
            interval=source.interval or self.rules.interval,
            floor=self.rules.interval_floor,
            failures=failures,
            retry_after=_retry_after(error),
            jitter=random.random(),  # noqa: S311 - spreads load, guards nothing
        )

    async def make(self, work: Work, *, fetch: Fetch | None = None) -> Outcome:
        """Make a claimed entry a record and commit what it came to.

        `fetch` gets its page where that is not what the entry's link leads to.
        """
        try:
            outcome = await self._make(work, fetch or self._fetch)
        except IngestError as error:
            outcome = self._failed(work, error)
        outcome = await self._commit(outcome)
        log_outcome(outcome)
        return outcome

    async def _fetch(self, work: Work) -> Fetched | None:
        return await fetch_page(self.fetcher, work.entry, work.validators)

    async def _make(self, work: Work, fetch: Fetch) -> Outcome:
        fetched = await fetch(work)
        if fetched is None:
            return Untouched(work=work, at=datetime.now(UTC))
        cleaned = await read_page(self.pool, fetched.page)
        raw = await until_committed(lambda: self.archive.put(fetched.page.body))
        return Saved(
            work=work,
            at=datetime.now(UTC),
            article=cleaned.article,
            content_hash=cleaned.content_hash,
            url=fetched.url,
            fragment=fetched.page.fragment,
            extractor=cleaned.extractor,
            raw=raw,
            validators=fetched.validators,
        )

    async def _commit(self, outcome: Outcome) -> Outcome:
        try:
            await until_committed(lambda: self._save_commits.put(outcome))
        except StoreError as error:
            # The database is there and refuses just this: a failure of its own, at the stage "save".
            log.exception("save refused", entry=outcome.work.id)
            outcome = self._failed(outcome.work, error)
            await until_committed(lambda: self._save_commits.put(outcome))
        return outcome

    def _failed(self, work: Work, error: IngestError) -> Failed:
        at = datetime.now(UTC)
        attempt = work.attempts + 1
        hopeless = error.fate == "never" or attempt >= self.rules.attempts
        retry_at = next_try(
            at,
            attempt=attempt,
            first=self.rules.retry_delay,
            retry_after=_retry_after(error),
            jitter=random.random(),  # noqa: S311 - spreads load, guards nothing
        )
        failure = failure_of(
            error,
            stage=_stage(error),
            at=at,
            attempt=attempt,
            url=work.entry.link,
            source_id=work.source_id,
            entry_id=work.id,
        )
        return Failed(work=work, at=at, failure=failure, retry_at=None if hopeless else retry_at)


def _renewed(source: Source, reply: Reply) -> Validators:
    """Return what to ask with next: a bare 304 keeps what was, an unchanged 200 says anew (RFC 9110, 15.4.5)."""
    return reply.validators or source.validators if reply.not_modified else reply.validators


def _stage(error: IngestError) -> Stage:
    if isinstance(error, FetchError):
        return "fetch"
    if isinstance(error, ParseError):
        return "parse"
    return "save" if isinstance(error, StoreError) else "extract"


def _retry_after(error: IngestError | None) -> float | None:
    return error.retry_after if isinstance(error, Refused) else None
