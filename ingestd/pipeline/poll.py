"""A poll: what a source's answer comes to, and when to come back."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import monotonic
from weakref import WeakValueDictionary

from ingestd.archive import Archive, Kept
from ingestd.errors import Gone, Held, IngestError, Refused, Throttled
from ingestd.model.feed import Feed
from ingestd.model.reply import Reply
from ingestd.model.source import NO_VALIDATORS, Pace, Source
from ingestd.model.timing import Rules
from ingestd.pipeline.compare import elapsed, hints_kept, known_by, overlap_of, pace_of, with_entries
from ingestd.pipeline.log_events import log_starts_over, log_stranger
from ingestd.pipeline.pagination import Pagination
from ingestd.pipeline.read import read_feed
from ingestd.pipeline.retry import until_committed
from ingestd.policy.polling.absence import settled_at
from ingestd.policy.polling.cadence import LONGEST, next_poll
from ingestd.policy.polling.overlap import may_have_lost
from ingestd.policy.polling.pace import learned, wait_for
from ingestd.policy.wire.media import with_media
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.operations.failures import failure_of, stage_of
from ingestd.store.polls import polls
from ingestd.store.polls.poll_result import Condition, Outcome, Poll
from ingestd.store.polls.polls import Known
from ingestd.urls import with_userinfo_of
from ingestd.web.body.memory_budget import Reservation
from ingestd.web.fetcher import Fetcher
from ingestd.workers.pool import Pool
from ingestd.workers.results import ParsedFeed

#: Polls in a row that see the same permanent redirect before it is believed: servers do err.
SIGHTINGS = 3

#: When to look again after a failure of ours, or sooner where we would have anyway (seconds).
AFTER_OURS = 60.0


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
        commits: Batches[Poll],
        rules: Callable[[], Rules],
    ) -> None:
        self._run_id = run_id
        self._database = database
        self._fetcher = fetcher
        self._pool = pool
        self._archive = archive
        self._commits = commits
        self._rules = rules
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def turn(self, source_id: int) -> asyncio.Lock:
        """Return what those hold who push for a source one after the other; first come, first served."""
        return self._turns.setdefault(source_id, asyncio.Lock())

    async def poll(self, source: Source, reply: Reply | None = None) -> Poll:
        """Poll a claimed source and commit what it came to; raises Held when its site is left alone.

        `reply` is its answer, where it was asked already.  Where its list goes on, each page is committed on its own;
        what comes back is all of them.
        """
        started, at = monotonic(), datetime.now(UTC)
        pagination = Pagination(source, at_start=reply is not None, may_ask=self._fetcher.logs_in_at)
        while True:
            begun = monotonic()
            with self._fetcher.memory_budget.reservation() as reservation:
                poll = await self._page(pagination, reply, at, reservation)
                poll = await self._commit(replace(poll, seconds=monotonic() - begun))
            if not poll.keeps_claim:
                if pagination.stranger:
                    log_stranger(source, pagination.stranger)
                return replace(pagination.whole(poll), seconds=monotonic() - started)
            reply = None

    async def _page(self, pagination: Pagination, reply: Reply | None, at: datetime, reservation: Reservation) -> Poll:
        """Return what one page of a source's list comes to; of most sources it is the only one."""
        view = pagination.view
        try:
            reply = reply or await self._fetcher.get(
                pagination.url, validators=view.validators, obey_robots=view.obeys_robots, reservation=reservation
            )
            poll, feed = await self._answered(view, reply, at, before=len(pagination.new))
            return self._with_due(pagination.go_on(poll, feed), pagination)
        except Held:
            raise
        except IngestError as error:
            if pagination.starts_over(error):
                log_starts_over(view, error)
                return await self._page(pagination, None, at, reservation)
            return pagination.failed(self._failed(pagination.source, at, pagination.fault(error)), error)

    async def push(self, source: Source, reply: Reply, *, keeps_claim: bool = False) -> Poll:
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
    ) -> list[Poll | IngestError]:
        """Take several documents at once, as if they had been pushed one after the other; returns what each came to.

        They are read beside each other and share a commit.  The last one that is committed gives the source back.
        """
        started, at = monotonic(), datetime.now(UTC)
        read = await asyncio.gather(*(self._parsed(reply) for reply in replies))
        good = [one for one in read if not isinstance(one, IngestError)]
        known = await self._known(source, [entry.guid for parsed, _ in good for entry in parsed.feed.entries])
        done: list[Poll | IngestError] = []
        for reply, one in zip(replies, read, strict=True):
            if isinstance(one, IngestError):
                done.append(one)
                continue
            parsed, raw = one
            poll = Poll(
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
            poll = replace(with_entries(poll, parsed, known), listed=None)
            if poll.new:
                pace = learned(source.pace or Pace(), new=len(poll.new), elapsed=elapsed(source, at))
                poll = replace(poll, pace=pace)
                source = replace(source, pace=pace, last_new_at=at)
            known |= known_by(poll, known)
            done.append(poll)
        return await asyncio.gather(*map(self._committed, done))

    async def _parsed(self, reply: Reply) -> tuple[ParsedFeed, Kept] | IngestError:
        try:
            parsed = await read_feed(self._pool, reply.body, url=reply.final_url, content_type=reply.content_type)
        except IngestError as error:
            return error
        if reply.beside and len(parsed.versions) == 1 and (version := parsed.versions[0]):
            version = replace(version, item=with_media(version.item, reply.beside))
            parsed = replace(parsed, versions=(version,))
        return parsed, await until_committed(lambda: self._archive.put(reply.body))

    async def _committed(self, done: Poll | IngestError) -> Poll | IngestError:
        if isinstance(done, IngestError):
            return done
        try:
            return await self._commit(done)
        except IngestError as error:
            return error

    async def fail(self, source: Source, at: datetime, error: IngestError, *, wait: float) -> Poll:
        """Commit that a look at a claimed source failed, and that it is due again `wait` seconds later."""
        return await self._commit(replace(self._failed(source, at, error), due_at=at + timedelta(seconds=wait)))

    async def _commit(self, poll: Poll) -> Poll:
        await until_committed(lambda: self._commits.put(poll))
        return poll

    async def _answered(self, source: Source, reply: Reply, at: datetime, *, before: int) -> tuple[Poll, Feed | None]:
        """Return what an answer comes to, and what it says where it was read; `before` it were so many new entries."""
        body_hash = sha256(reply.body).digest()
        poll = self._begun(source, reply, at)
        if reply.not_modified or body_hash == source.body_hash:
            outcome: Outcome = "not_modified" if reply.not_modified else "unchanged"
            pace = learned(source.pace or Pace(), new=0, elapsed=elapsed(source, at))
            poll = replace(
                poll, outcome=outcome, body_hash=source.body_hash, pace=pace, hints=hints_kept(source, reply)
            )
            return poll, None
        parsed, known = await self._read(source, reply)
        raw = await until_committed(lambda: self._archive.put(reply.body))
        poll = replace(poll, body_hash=body_hash, raw=raw, hints=replace(parsed.feed.hints, fresh_for=reply.fresh_for))
        poll = replace(
            poll,
            title=parsed.feed.title,
            home=parsed.feed.home,
            hub=reply.hub or parsed.feed.hub,
            topic=reply.topic or parsed.feed.topic,
            older=parsed.feed.prev_archive or parsed.feed.next_page,
        )
        poll = with_entries(poll, parsed, known)
        overlap = overlap_of(source, known, listed=len(parsed.feed.entries))
        poll = replace(
            poll,
            outcome="new" if poll.new or poll.changed else "known",
            overlap=overlap.shared,
            settled_at=settled_at((entry.first_seen_at for entry in known.values()), listed=len(parsed.feed.entries)),
            lost=may_have_lost(overlap, window=source.window),
            window=len(parsed.feed.entries) or None,
            pace=pace_of(source, parsed, at, new=before + len(poll.new)),
        )
        return poll, parsed.feed

    def _begun(self, source: Source, reply: Reply, at: datetime) -> Poll:
        """Return a poll with what the head of the answer says."""
        sightings = 0
        if reply.permanent:
            sightings = source.moved_seen + 1 if reply.permanent == source.moved_to else 1
        moves = sightings >= SIGHTINGS
        validators = reply.validators
        if moves:
            # The new address's own, where it was the one that answered.
            validators = reply.final_validators if reply.permanent == reply.final_url else NO_VALIDATORS
        return Poll(
            source=source,
            run_id=self._run_id,
            at=at,
            seconds=0.0,
            outcome="known",
            due_at=at,
            validators=validators,
            status=reply.status,
            size=len(reply.body),
            moved_to=with_userinfo_of(source.url, reply.permanent) if moves and reply.permanent else reply.permanent,
            moved_seen=sightings,
            moves=moves,
        )

    async def _read(self, source: Source, reply: Reply) -> tuple[ParsedFeed, dict[str, Known]]:
        parsed = await read_feed(self._pool, reply.body, url=reply.final_url, content_type=reply.content_type)
        return parsed, await self._known(source, [entry.guid for entry in parsed.feed.entries])

    async def _known(self, source: Source, guids: Sequence[str]) -> dict[str, Known]:
        async def look_up() -> dict[str, Known]:
            async with self._database.read() as connection:
                return await polls.known_entries(connection, source.id, guids)

        return await until_committed(look_up)

    def _failed(self, source: Source, at: datetime, error: IngestError) -> Poll:
        ours = error.ours
        streak = source.failures + (0 if ours else 1)
        condition: Condition = "failing"
        if ours:
            condition = "gone" if source.maybe_gone else "ok" if not source.failures else "failing"
        elif isinstance(error, Throttled):
            condition = "throttled"
        elif isinstance(error, Gone):
            condition = "gone"
        poll = Poll(
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
        if ours:
            return replace(poll, due_at=self._due(poll, min(AFTER_OURS, self._wait(poll)), failures=1))
        retry_after = error.retry_after if isinstance(error, Refused) else None
        return replace(poll, due_at=self._due(poll, self._wait(poll), failures=streak, retry_after=retry_after))

    def _with_due(self, poll: Poll, pagination: Pagination) -> Poll:
        if poll.keeps_claim:
            return poll  # whoever is killed now leaves it due at once
        wait = 0.0 if pagination.more else self._wait(replace(poll, source=pagination.first, new=tuple(pagination.new)))
        return replace(poll, due_at=self._due(poll, wait))

    def _wait(self, poll: Poll) -> float:
        """Return the seconds that we would wait until the next poll, if nobody else had a say."""
        source, pace = poll.source, poll.pace or poll.source.pace or Pace()
        if source.interval:
            return source.interval
        wait = wait_for(
            pace,
            base=self._rules().interval,
            window=source.window if poll.window is None else poll.window,
            new=len(poll.new) if source.last_success_at else 0,
            elapsed=elapsed(source, poll.at),
            lost=poll.lost,
        )
        if source.pushed_until and not poll.new and (poll.hub or poll.listed is None):
            # Once a day is enough while a hub pushes; from the end of its lease on nobody does.
            wait = max(wait, (source.pushed_until - poll.at).total_seconds())
        return min(wait, LONGEST)

    def _due(self, poll: Poll, wait: float, *, failures: int = 0, retry_after: float | None = None) -> datetime:
        return next_poll(
            poll.at,
            wait=wait,
            floor=self._rules().interval_floor,
            failures=failures,
            retry_after=retry_after,
            hints=poll.hints,
            jitter=random.random(),  # noqa: S311 - spreads load, guards nothing
        )
