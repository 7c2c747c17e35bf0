"""A poll: what a source's answer comes to, and when to come back."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import monotonic
from weakref import WeakValueDictionary

from ingestd.archive.protocol import Archive, StoredBody
from ingestd.errors import Gone, Held, IngestError, Refused, Throttled
from ingestd.model.feed import Feed
from ingestd.model.reply import Reply
from ingestd.model.source import NO_VALIDATORS, Pace, Source
from ingestd.model.timing import Timing
from ingestd.pipeline.compare import (
    hints_after_unchanged,
    known_after,
    overlap_of,
    pace_after_document,
    seconds_since_read,
    with_picked_entries,
)
from ingestd.pipeline.log_events import log_foreign_page, log_restart
from ingestd.pipeline.pagination import Pagination
from ingestd.pipeline.read import read_feed
from ingestd.pipeline.retry import retry_while_unavailable
from ingestd.policy.polling.cadence import MAX_WAIT, next_poll
from ingestd.policy.polling.overlap import may_have_lost
from ingestd.policy.polling.pace import pace_after, poll_wait
from ingestd.policy.polling.withdrawal import settled_at
from ingestd.policy.wire.media import with_media
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.operations.failures import failure_of, stage_of
from ingestd.store.polls import polls
from ingestd.store.polls.poll_result import Condition, PollOutcome, PollResult
from ingestd.store.polls.polls import KnownEntry
from ingestd.urls import copy_userinfo
from ingestd.web.body.memory_budget import Reservation
from ingestd.web.fetcher import Fetcher
from ingestd.workers.pool import Pool
from ingestd.workers.results import ParsedFeed

#: Polls in a row that see the same permanent redirect before it is believed: servers do err.
REDIRECTS_TO_BELIEVE = 3

#: When to look again after a failure of ours, or sooner where we would have anyway (seconds).
AFTER_LOCAL_FAILURE = 60.0


class Poller:
    """Polls sources, with the tools it is handed; `rules` gives those of the moment."""

    def __init__(
        self,
        *,
        run_id: str,
        database: Database,
        fetcher: Fetcher,
        pool: Pool,
        archive: Archive,
        commits: Batches[PollResult],
        timing: Callable[[], Timing],
    ) -> None:
        self._run_id = run_id
        self._database = database
        self._fetcher = fetcher
        self._pool = pool
        self._archive = archive
        self._commits = commits
        self._timing = timing
        self._push_locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def push_lock(self, source_id: int) -> asyncio.Lock:
        """Return what those hold who push for a source one after the other; first come, first served."""
        return self._push_locks.setdefault(source_id, asyncio.Lock())

    async def poll(self, source: Source, reply: Reply | None = None) -> PollResult:
        """Poll a claimed source and commit what it came to; raises Held when its site is left alone.

        `reply` is its answer, where it was asked already.  Where its list goes on, each page is committed on its own;
        what comes back is all of them.
        """
        started, at = monotonic(), datetime.now(UTC)
        pagination = Pagination(source, at_start=reply is not None, may_follow=self._fetcher.has_login_for)
        while True:
            begun = monotonic()
            with self._fetcher.memory_budget.reservation() as reservation:
                poll = await self._page(pagination, reply, at, reservation)
                poll = await self._commit(replace(poll, seconds=monotonic() - begun))
            if not poll.keeps_claim:
                if pagination.foreign_url:
                    log_foreign_page(source, pagination.foreign_url)
                return replace(pagination.total(poll), seconds=monotonic() - started)
            reply = None

    async def _page(self, pagination: Pagination, reply: Reply | None, at: datetime, reservation: Reservation) -> PollResult:
        """Return what one page of a source's list comes to; of most sources it is the only one."""
        view = pagination.source_before_page
        try:
            reply = reply or await self._fetcher.get(
                pagination.url, validators=view.validators, obey_robots=view.obeys_robots, reservation=reservation
            )
            poll, feed = await self._answered(view, reply, at, before=len(pagination.new))
            return self._with_due(pagination.advance(poll, feed), pagination)
        except Held:
            raise
        except IngestError as error:
            if pagination.restarts_after(error):
                log_restart(view, error)
                return await self._page(pagination, None, at, reservation)
            return pagination.failed_page(self._failed(pagination.source, at, pagination.page_error(error)), error)

    async def push(self, source: Source, reply: Reply, *, keeps_claim: bool = False) -> PollResult:
        """Take what was pushed for a claimed source as if it had been fetched; raises ParseError, WorkerError.

        It may hold the new entries alone: what polls have learned of the source stays, but for its pace.
        With `keeps_claim` the source stays claimed.
        """
        [done] = await self.push_all(source, [reply], keeps_claim=keeps_claim)
        if isinstance(done, IngestError):
            raise done
        return done

    async def push_all(
        self, source: Source, replies: Sequence[Reply], *, keeps_claim: bool = False
    ) -> list[PollResult | IngestError]:
        """Take several documents at once, as if they had been pushed one after the other; returns what each came to.

        They are read beside each other and share a commit.  The last one that is committed gives the source back.
        """
        started, at = monotonic(), datetime.now(UTC)
        read = await asyncio.gather(*(self._parsed(reply) for reply in replies))
        good = [one for one in read if not isinstance(one, IngestError)]
        known = await self._known(source, [entry.guid for parsed, _ in good for entry in parsed.feed.entries])
        done: list[PollResult | IngestError] = []
        for reply, one in zip(replies, read, strict=True):
            if isinstance(one, IngestError):
                done.append(one)
                continue
            parsed, raw = one
            poll = PollResult(
                source=source,
                run_id=self._run_id,
                at=at,
                seconds=monotonic() - started,
                outcome="pushed",
                due_at=source.due_at or at,
                size=len(reply.body),
                raw=raw,
                keeps_claim=keeps_claim or one is not good[-1],
            )
            poll = replace(with_picked_entries(poll, parsed, known), listed=None)
            if poll.new:
                pace = pace_after(source.pace or Pace(), new=len(poll.new), elapsed=seconds_since_read(source, at))
                poll = replace(poll, pace=pace)
                source = replace(source, pace=pace, last_new_at=at)
            known |= known_after(poll, known)
            done.append(poll)
        return await asyncio.gather(*map(self._committed, done))

    async def _parsed(self, reply: Reply) -> tuple[ParsedFeed, StoredBody] | IngestError:
        try:
            parsed = await read_feed(self._pool, reply.body, url=reply.final_url, content_type=reply.content_type)
        except IngestError as error:
            return error
        if reply.media and len(parsed.versions) == 1 and (version := parsed.versions[0]):
            version = replace(version, item=with_media(version.item, reply.media))
            parsed = replace(parsed, versions=(version,))
        return parsed, await retry_while_unavailable(lambda: self._archive.put(reply.body))

    async def _committed(self, done: PollResult | IngestError) -> PollResult | IngestError:
        if isinstance(done, IngestError):
            return done
        try:
            return await self._commit(done)
        except IngestError as error:
            return error

    async def fail(self, source: Source, at: datetime, error: IngestError, *, wait: float) -> PollResult:
        """Commit that a look at a claimed source failed, and that it is due again `wait` seconds later."""
        return await self._commit(replace(self._failed(source, at, error), due_at=at + timedelta(seconds=wait)))

    async def _commit(self, poll: PollResult) -> PollResult:
        await retry_while_unavailable(lambda: self._commits.put(poll))
        return poll

    async def _answered(self, source: Source, reply: Reply, at: datetime, *, before: int) -> tuple[PollResult, Feed | None]:
        """Return what an answer comes to, and what it says where it was read; `before` it were so many new entries."""
        body_hash = sha256(reply.body).digest()
        poll = self._begun(source, reply, at)
        if reply.not_modified or body_hash == source.body_hash:
            outcome: PollOutcome = "not_modified" if reply.not_modified else "unchanged"
            pace = pace_after(source.pace or Pace(), new=0, elapsed=seconds_since_read(source, at))
            poll = replace(
                poll, outcome=outcome, body_hash=source.body_hash, pace=pace, hints=hints_after_unchanged(source, reply)
            )
            return poll, None
        parsed, known = await self._read(source, reply)
        raw = await retry_while_unavailable(lambda: self._archive.put(reply.body))
        poll = replace(poll, body_hash=body_hash, raw=raw, hints=replace(parsed.feed.hints, fresh_for=reply.fresh_for))
        poll = replace(
            poll,
            title=parsed.feed.title,
            home=parsed.feed.home,
            hub=reply.hub or parsed.feed.hub,
            topic=reply.topic or parsed.feed.topic,
            older=parsed.feed.prev_archive or parsed.feed.next_page,
        )
        poll = with_picked_entries(poll, parsed, known)
        overlap = overlap_of(source, known, listed=len(parsed.feed.entries))
        poll = replace(
            poll,
            outcome="new" if poll.new or poll.changed else "known",
            overlap=overlap.shared,
            settled_at=settled_at((entry.first_seen_at for entry in known.values()), listed=len(parsed.feed.entries)),
            may_have_lost=may_have_lost(overlap, window=source.window),
            window=len(parsed.feed.entries) or None,
            pace=pace_after_document(source, parsed, at, new=before + len(poll.new)),
        )
        return poll, parsed.feed

    def _begun(self, source: Source, reply: Reply, at: datetime) -> PollResult:
        """Return a poll with what the head of the answer says."""
        sightings = 0
        if reply.permanent:
            sightings = source.moved_seen + 1 if reply.permanent == source.moved_to else 1
        moves = sightings >= REDIRECTS_TO_BELIEVE
        validators = reply.validators
        if moves:
            # The new address's own, where it was the one that answered.
            validators = reply.final_validators if reply.permanent == reply.final_url else NO_VALIDATORS
        return PollResult(
            source=source,
            run_id=self._run_id,
            at=at,
            seconds=0.0,
            outcome="known",
            due_at=at,
            validators=validators,
            status=reply.status,
            size=len(reply.body),
            moved_to=copy_userinfo(source.url, reply.permanent) if moves and reply.permanent else reply.permanent,
            moved_seen=sightings,
            has_moved=moves,
        )

    async def _read(self, source: Source, reply: Reply) -> tuple[ParsedFeed, dict[str, KnownEntry]]:
        parsed = await read_feed(self._pool, reply.body, url=reply.final_url, content_type=reply.content_type)
        return parsed, await self._known(source, [entry.guid for entry in parsed.feed.entries])

    async def _known(self, source: Source, guids: Sequence[str]) -> dict[str, KnownEntry]:
        async def look_up() -> dict[str, KnownEntry]:
            async with self._database.read() as connection:
                return await polls.known_entries(connection, source.id, guids)

        return await retry_while_unavailable(look_up)

    def _failed(self, source: Source, at: datetime, error: IngestError) -> PollResult:
        is_local = error.local
        streak = source.failures + (0 if is_local else 1)
        condition: Condition = "failing"
        if is_local:
            condition = "gone" if source.maybe_gone else "ok" if not source.failures else "failing"
        elif isinstance(error, Throttled):
            condition = "throttled"
        elif isinstance(error, Gone):
            condition = "gone"
        poll = PollResult(
            source=source,
            run_id=self._run_id,
            at=at,
            seconds=0.0,
            outcome="failed",
            due_at=at,
            # What was vouched for before still is.
            validators=source.validators,
            body_hash=source.body_hash,
            hints=source.hints,
            cursor=source.cursor,
            status=error.status if isinstance(error, Refused) else None,
            failure=failure_of(
                error, stage=stage_of(error), at=at, attempt=max(1, streak), url=source.url, source_id=source.id
            ),
            failures=streak,
            condition=condition,
            moved_to=source.moved_to,
            moved_seen=source.moved_seen,
        )  # fmt: skip
        if is_local:
            return replace(poll, due_at=self._due(poll, min(AFTER_LOCAL_FAILURE, self._wait(poll)), failures=1))
        retry_after = error.retry_after if isinstance(error, Refused) else None
        return replace(poll, due_at=self._due(poll, self._wait(poll), failures=streak, retry_after=retry_after))

    def _with_due(self, poll: PollResult, pagination: Pagination) -> PollResult:
        if poll.keeps_claim:
            return poll  # whoever is killed now leaves it due at once
        wait = 0.0 if pagination.has_more else self._wait(replace(poll, source=pagination.original, new=tuple(pagination.new)))
        return replace(poll, due_at=self._due(poll, wait))

    def _wait(self, poll: PollResult) -> float:
        """Return the seconds that we would wait until the next poll, if nobody else had a say."""
        source, pace = poll.source, poll.pace or poll.source.pace or Pace()
        if source.interval:
            return source.interval
        wait = poll_wait(
            pace,
            base=self._timing().interval,
            window=source.window if poll.window is None else poll.window,
            new=len(poll.new) if source.last_success_at else 0,
            elapsed=seconds_since_read(source, poll.at),
            lost=poll.may_have_lost,
        )
        if source.pushed_until and not poll.new and (poll.hub or poll.listed is None):
            # Once a day is enough while a hub pushes; from the end of its lease on nobody does.
            wait = max(wait, (source.pushed_until - poll.at).total_seconds())
        return min(wait, MAX_WAIT)

    def _due(self, poll: PollResult, wait: float, *, failures: int = 0, retry_after: float | None = None) -> datetime:
        return next_poll(
            poll.at,
            wait=wait,
            floor=self._timing().interval_floor,
            failures=failures,
            retry_after=retry_after,
            hints=poll.hints,
            jitter=random.random(),  # noqa: S311 - spreads load, guards nothing
        )
