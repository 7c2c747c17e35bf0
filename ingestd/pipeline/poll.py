"""Poll a source: fetch its feed, store what is new, schedule the next poll.

Documents that a drop folder, an inbox or a WebSub hub delivers are not fetched; from parsing on, they take the same
steps.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from time import monotonic
from uuid import uuid4
from weakref import WeakValueDictionary

import structlog

from ingestd.archive.protocol import Archive, Kind, StoredBody
from ingestd.errors import Busy, Held, IngestError, StoreError, StoreUnavailable
from ingestd.model.feed import Feed
from ingestd.model.reply import Reply
from ingestd.model.source import NO_VALIDATORS, Pace, Source
from ingestd.model.timing import Timing
from ingestd.pipeline import subjects
from ingestd.pipeline.compare import known_after, pick_entries, seconds_since_read
from ingestd.pipeline.known_documents import KnownDocuments, ReadDocument
from ingestd.pipeline.log_events import log_document_warnings, log_foreign_page, log_restart
from ingestd.pipeline.pagination import Pagination
from ingestd.pipeline.poll_results import complete_parsed, complete_unchanged, failed_result, head_result
from ingestd.pipeline.poll_schedule import due_after, seconds_to_next_poll
from ingestd.pipeline.read import read_reply
from ingestd.pipeline.refused_answers import keep_refused_answer
from ingestd.pipeline.retry import Retries
from ingestd.policy.polling.document_warnings import after_push
from ingestd.policy.polling.doubt import distrusts_validators, doubts_silence, proves_false
from ingestd.policy.polling.pace import pace_after
from ingestd.policy.wire.media import with_media
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.polls.poll_result import PollResult
from ingestd.urls import without_userinfo
from ingestd.web.body.memory_budget import Reservation
from ingestd.web.fetcher import Fetcher
from ingestd.workers.pool import Pool
from ingestd.workers.results import ParsedFeed

log = structlog.get_logger(__name__)
_CLAIM_LOST = "another run has taken over the source, so nothing was saved; send it again"


class Poller:
    """Polls claimed sources and stores pushed documents; `timing` returns the current settings."""

    def __init__(
        self,
        *,
        run_id: str,
        database: Database,
        fetcher: Fetcher,
        pool: Pool,
        archive: Archive,
        retries: Retries,
        commits: Batches[Sequence[PollResult], bool],
        timing: Callable[[], Timing],
    ) -> None:
        self._run_id = run_id
        self._known = KnownDocuments(database, pool, retries)
        self._fetcher = fetcher
        self._pool = pool
        self._archive = archive
        self.retries = retries
        self._commits = commits
        self._timing = timing
        self._push_locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def push_lock(self, source_id: int) -> asyncio.Lock:
        """Return the lock that serialises the pushes to a source, in the order of their arrival."""
        return self._push_locks.setdefault(source_id, asyncio.Lock())

    async def poll(self, source: Source, reply: Reply | None = None) -> PollResult:
        """Poll a claimed source and commit the result; raises Held if its site is on hold.

        `reply` is the source's response, if it was fetched already.  Each page of a paginated list is committed on
        its own; the returned result is the sum of all pages.
        """
        started, at = monotonic(), datetime.now(UTC)
        pagination = Pagination(source, at_start=reply is not None, may_follow=self._fetcher.has_login_for)
        while True:
            page_started = monotonic()
            with self._fetcher.memory_budget.reservation() as reservation:
                poll = await self._poll_page(pagination, reply, at, reservation)
                poll.seconds = monotonic() - page_started
                is_saved = await self._commit(poll)
            if not is_saved or not poll.keeps_claim:
                break
            reply = None
        if pagination.foreign_url:
            log_foreign_page(source, pagination.foreign_url)
        unmasks = pagination.unmasks_304s and not distrusts_validators(source, at)
        log_document_warnings(source, pagination.warnings, unmasks_304s=unmasks)
        pagination.add_pages(poll)
        poll.seconds = monotonic() - started
        return poll

    async def _poll_page(
        self, pagination: Pagination, reply: Reply | None, at: datetime, reservation: Reservation
    ) -> PollResult:
        """Return the result of one page; the lists of most sources have only one."""
        source = pagination.source_before_page
        asks_in_full = distrusts_validators(source, at) or doubts_silence(source, at)
        try:
            reply = reply or await self._fetcher.get(
                pagination.url, validators=NO_VALIDATORS if asks_in_full else source.validators,
                obey_robots=source.obeys_robots, reservation=reservation, accepts_204=True,
            )  # fmt: skip
            poll, feed = await self._read_reply(
                source, reply, at, new_before=len(pagination.new), asked_in_full=asks_in_full
            )
            pagination.advance(poll, feed)
        except Held:
            raise
        except IngestError as error:
            if pagination.restarts_after(error):
                log_restart(source, error)
                return await self._poll_page(pagination, None, at, reservation)
            await keep_refused_answer(self._archive, pagination.url, error)
            failed = self._failed(pagination.source, at, pagination.page_error(error))
            pagination.complete_failed(failed, error)
            return failed
        if not poll.keeps_claim:  # if the process dies before the last page, the source is still due
            poll.due_at = self._due_time(poll, pagination)
        return poll

    async def _read_reply(
        self, source: Source, reply: Reply, at: datetime, *, new_before: int, asked_in_full: bool
    ) -> tuple[PollResult, Feed | None]:
        """Return the poll result and, if the document was parsed, its feed.

        `new_before` is the number of new entries on earlier pages; `asked_in_full`: the validators were not sent.
        """
        body_hash = source.body_hash if reply.has_no_document else sha256(reply.body).digest()
        poll = head_result(source, reply, at, run_id=self._run_id)
        if reply.has_no_document or body_hash == source.body_hash:
            complete_unchanged(poll, source, reply)
            return poll, None
        document = await self._known.read(source, reply)
        parsed = document.parsed
        poll.raw = await self._archived(source, reply, parsed)
        poll.body_hash = body_hash
        complete_parsed(poll, source, reply, document, new_before=new_before)
        new = tuple(item.entry for item in poll.new)
        poll.unmasks_304s = asked_in_full and proves_false(source, reply.validators, new)
        return poll, parsed.feed

    def _due_time(self, poll: PollResult, pagination: Pagination) -> datetime:
        timing, new = self._timing(), len(pagination.new)
        wait = 0.0 if pagination.has_more else seconds_to_next_poll(poll, timing, pagination.original, new=new)
        return due_after(poll, wait, timing)

    async def fail(self, source: Source, at: datetime, error: IngestError, *, wait: float | None = None) -> PollResult:
        """Commit that a poll of a claimed source failed; it is due again in `wait` seconds, or as its failures say."""
        failed = self._failed(source, at, error)
        if wait is not None:
            failed.due_at = at + timedelta(seconds=wait)
        await self._commit(failed)
        return failed

    def _failed(self, source: Source, at: datetime, error: IngestError) -> PollResult:
        return failed_result(source, at, error, run_id=self._run_id, timing=self._timing())

    async def push(self, source: Source, reply: Reply, *, keeps_claim: bool = False) -> PollResult:
        """Store a pushed document of a claimed source as if it had been fetched; raises ParseError, WorkerError.

        A push may contain only the new entries.  Of the values learned from polls, it therefore updates only the pace.
        With `keeps_claim` the source stays claimed.
        """
        [done] = await self.push_all(source, [reply], keeps_claim=keeps_claim)
        if isinstance(done, IngestError):
            raise done
        return done

    @property
    def parse_limit(self) -> float:
        """Seconds after which the parsing of a document has ended or was abandoned."""
        return self._pool.wall_limit

    async def parse_pushed(self, reply: Reply) -> ParsedFeed | IngestError:
        """Parse a pushed document; returns the ParseError or WorkerError of one that cannot be parsed."""
        try:
            parsed = await read_reply(self._pool, reply)
        except IngestError as error:
            return error
        if reply.media and len(parsed.versions) == 1 and (version := parsed.versions[0]):
            version = replace(version, item=with_media(version.item, reply.media))
            parsed = replace(parsed, versions=(version,))
        return parsed

    async def push_all(
        self,
        source: Source,
        replies: Sequence[Reply],
        parsed: Sequence[ParsedFeed | IngestError] | None = None,
        *,
        keeps_claim: bool = False,
    ) -> list[PollResult | IngestError]:
        """Store several pushed documents, in their order; returns the result or the error of each.

        They are parsed concurrently, unless `parsed` has what `parse_pushed` returned for them, and share a commit.
        The last result that is committed releases the claim, unless `keeps_claim` is set.
        """
        started, at = monotonic(), datetime.now(UTC)
        if parsed is None:
            parsed = await asyncio.gather(*map(self.parse_pushed, replies))
        documents = await asyncio.gather(*map(partial(self._archive_pushed, source), replies, parsed))
        readable = [document for document in documents if not isinstance(document, IngestError)]
        known = await self._known.entries(source, [entry.guid for one, _ in readable for entry in one.feed.entries])
        results: list[PollResult | IngestError] = []
        before = source
        for reply, document in zip(replies, documents, strict=True):
            if isinstance(document, IngestError):
                results.append(document)
                continue
            feed, raw = document
            poll = PollResult(
                source=source,
                run_id=self._run_id,
                at=at,
                seconds=monotonic() - started,
                outcome="pushed",
                due_at=source.due_at or at,
                size=len(reply.body),
                raw=raw,
                keeps_claim=keeps_claim or document is not readable[-1],
            )
            pick_entries(poll, ReadDocument(parsed=feed, known=known))
            poll.listed, poll.document_warnings = None, feed.feed.warnings
            poll.warnings = after_push(source.warnings, feed.feed.warnings, at)
            source = replace(source, warnings=poll.warnings)
            if poll.new:
                poll.pace = pace_after(source.pace or Pace(), new=len(poll.new), elapsed=seconds_since_read(source, at))
                source = replace(source, pace=poll.pace, last_new_at=at)
            known |= known_after(poll, known)
            results.append(poll)
        await self._commit_push(results)
        log_document_warnings(before, source.warnings)
        return results

    async def _archive_pushed(
        self, source: Source, reply: Reply, parsed: ParsedFeed | IngestError
    ) -> tuple[ParsedFeed, StoredBody] | IngestError:
        return parsed if isinstance(parsed, IngestError) else (parsed, await self._archived(source, reply, parsed))

    async def _archived(self, source: Source, reply: Reply, parsed: ParsedFeed) -> StoredBody:
        answer, about = reply.answer(datetime.now(UTC)), subjects.of_document(source.id, parsed)
        kind: Kind = "wire" if any(parsed.versions) else "feed"
        return await self.retries.while_unavailable(lambda: self._archive.put(reply.body, kind, answer, about))

    async def _commit_push(self, results: list[PollResult | IngestError]) -> None:
        """Commit results together; puts an error in the place of each that is not saved."""
        push_id = uuid4().hex
        at = [place for place, result in enumerate(results) if isinstance(result, PollResult)]
        together = [result for result in results if isinstance(result, PollResult)]
        if not together:
            return
        for result in together:
            result.id = push_id
        try:
            if not await self.retries.while_unavailable(lambda: self._commits.put(together)):
                for place in at:
                    results[place] = Busy(_CLAIM_LOST)
        except StoreUnavailable as error:
            for place in at:
                results[place] = error
        except StoreError:
            # The database refuses one of them: commit each alone, in the same order.
            for place, result in zip(at, together, strict=True):
                results[place] = await self._commit_alone(replace(result, id=uuid4().hex))

    async def _commit_alone(self, poll: PollResult) -> PollResult | IngestError:
        try:
            is_saved = await self.retries.while_unavailable(lambda: self._commits.put([poll]))
        except IngestError as error:
            return error
        return poll if is_saved else Busy(_CLAIM_LOST)

    async def _commit(self, poll: PollResult) -> bool:
        """Commit a result; returns whether it is saved: without the claim nothing is, and nothing follows."""
        is_saved = await self.retries.while_unavailable(lambda: self._commits.put([poll]))
        if not is_saved:
            log.warning("poll dropped", source=without_userinfo(poll.source.url), reason="its claim was lost")
        return is_saved
