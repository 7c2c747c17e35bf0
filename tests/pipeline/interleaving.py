"""Several runs on one database, in one process, whose statements a random order interleaves.

Each run has its own `Database`, `Batches`, `Poller` and `Inbox`, all real.  Before each statement and each commit a
task waits for its turn (`Turns`); whose turn it is, a seeded generator decides.  A run can lose the database, lose the
connection in the moment of a commit, be killed, or be taken for dead while it goes on.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from time import monotonic
from typing import Any, cast

import psycopg
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import await_only

from ingestd.archive.off import DisabledArchive
from ingestd.errors import IngestError, Unreachable
from ingestd.model.reply import Reply
from ingestd.model.source import Source, Validators
from ingestd.model.timing import Timing
from ingestd.pipeline.attempts import failed_attempt
from ingestd.pipeline.heartbeat import send_heartbeat
from ingestd.pipeline.inbox import Inbox
from ingestd.pipeline.poll import Poller
from ingestd.pipeline.retry import Retries, retry_while_unavailable
from ingestd.policy.articles.revisits import Visits
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.records.outcomes import CommitResult, EntryOutcome, RevisitFailed
from ingestd.store.records.save import save_outcomes
from ingestd.store.schema import tables as t
from ingestd.store.work import entries, revisits, runs
from ingestd.store.work.entries import ClaimedEntry
from ingestd.store.work.own_claims import OwnClaims, claim_of
from ingestd.web.fetcher import Fetcher
from ingestd.workers import jobs
from ingestd.workers.pool import Pool
from tests.pipeline.invariants import Invariants
from tests.support.desk import feed_of
from tests.support.outcomes import saved

#: By this time everything is due.
LATER = timedelta(days=1)

#: Failed entries are due again at once, and none is given up.
_RETRIES = Timing(attempts=1000, retry_delay=0.001)

#: Seconds after which a statement that has its turn counts as waiting for a lock of the database.
_BLOCKED = 0.02


@dataclass(slots=True, eq=False)
class _Waiting:
    statement: str
    turn: asyncio.Future[None]


class Turns:
    """Lets one statement at a time run: a random one of those that wait."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._waiting: list[_Waiting] = []
        self._moved = asyncio.Event()
        #: Number of statements that had their turn.
        self.steps = 0
        #: Seconds that passed without waiting for them.
        self.skipped = 0.0
        #: Whether statements no longer wait.
        self.open = False
        #: The run whose transaction writes to the SQLite file: another one would block a thread until it ends.
        self.writer: object = None

    def now(self) -> float:
        """Return the monotonic time of all runs, in seconds."""
        return monotonic() + self.skipped

    async def wait(self, owner: object, statement: str) -> None:
        """Wait for the turn of a statement."""
        if self.open and not (statement == "BEGIN IMMEDIATE" and self.writer not in (None, owner)):
            if statement == "BEGIN IMMEDIATE":
                self.writer = owner
            return
        one = _Waiting(statement, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._moved.set()
        try:
            await one.turn
            if statement == "BEGIN IMMEDIATE":
                self.writer = owner
        finally:
            if one in self._waiting:
                self._waiting.remove(one)

    def note_end(self, owner: object) -> None:
        """Note that a transaction of a run has ended."""
        if self.writer is owner:
            self.writer = None
        self._moved.set()

    def note_task_end(self, _task: object) -> None:
        self._moved.set()

    async def step(self) -> None:
        """Let one statement run, until its task waits again, ends, or waits for a lock."""
        ready = [one for one in self._waiting if not (one.statement == "BEGIN IMMEDIATE" and self.writer)]
        self._moved.clear()
        if ready:
            one = self._chance.choice(ready)
            self._waiting.remove(one)
            one.turn.set_result(None)
            self.steps += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(_BLOCKED if ready else 0.001):
                await self._moved.wait()
                await asyncio.sleep(0)


class _Parser:
    """Parses in this process; the jobs of the workers are plain functions."""

    #: Seconds, as of a pool.
    wall_limit = 60.0

    async def run(self, function: str, *arguments: Any) -> Any:
        return getattr(jobs, function.partition(":")[2])(*arguments)


class Publisher:
    """Two feeds that change, and what is pushed to an inbox: each story has a guid and a version."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, int]] = {}
        self.editions: dict[str, int] = {}
        #: The stories of each document, by its URL and its ETag.
        self.history: dict[tuple[str, str], dict[str, int]] = {}
        self.acknowledged: dict[str, int] = {}
        self.sent: dict[str, int] = {}

    def publish(self, url: str, guid: str) -> None:
        stories = self.documents.setdefault(url, {})
        stories[guid] = stories.get(guid, 0) + 1
        self.editions[url] = self.editions.get(url, 0) + 1
        self.history[url, self._etag(url)] = dict(stories)

    def _etag(self, url: str) -> str:
        return f'"{self.editions[url]}"'

    def reply(self, source: Source) -> Reply:
        """Answer a conditional request."""
        etag = self._etag(source.url)
        is_known = source.validators.etag == etag
        return Reply(
            url=source.url, final_url=source.url, status=304 if is_known else 200,
            body=b"" if is_known else feed_of(self.documents[source.url]), validators=Validators(etag=etag),
        )  # fmt: skip


@dataclass(eq=False)
class Run:
    """A run: claims, polls, receives pushes and makes records, as a daemon does."""

    database: Database
    turns: Turns
    chance: Random
    publisher: Publisher
    fetcher: Fetcher
    invariants: Invariants
    id: str = ""
    is_killed: bool = False
    #: Statements from now on that find the database away; commits from now on whose answer is lost.
    away: int = 0
    lost_commits: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        for engine in {self.database._reader.sync_engine, self.database._writer.sync_engine}:
            event.listen(engine, "before_cursor_execute", self._before_statement)
            self._wrap_commits(engine)
        async with self.database.write() as connection:
            self.id = await runs.start(connection, role="daemon", now=datetime.now(UTC))
        self.claims, self.observer = OwnClaims(), runs.RunObserver(clock=self.turns.now)
        self.polled = Batches[Sequence[PollResult], bool](self.database, polls.save_lists)
        self.made = Batches[EntryOutcome, CommitResult](self.database, save_outcomes)
        await self.polled.__aenter__()
        await self.made.__aenter__()
        self.poller = Poller(
            run_id=self.id, database=self.database, fetcher=self.fetcher, pool=cast("Pool", _Parser()),
            archive=DisabledArchive(), retries=Retries(), commits=self.polled, timing=Timing,
        )  # fmt: skip
        self.inbox = Inbox(run_id=self.id, claims=self.claims, database=self.database, poller=self.poller)

    def _before_statement(self, connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # On SQLite, the first statement of a transaction is executed together with the one that begins it.
        statement = getattr(connection.connection.driver_connection, "begin_with", None) or statement
        await_only(self._wait(statement))
        self._fail_if_away(statement)

    async def _wait(self, statement: str) -> None:
        # What a killed process would do on its way out, such as to release a claim, it does not do.
        if not self.is_killed:
            await self.turns.wait(self, statement)
        if self.is_killed:
            raise asyncio.CancelledError

    def _fail_if_away(self, statement: str) -> None:
        if self.away > 0 and not self.turns.open:
            self.away -= 1
            if statement == "BEGIN IMMEDIATE":
                self.turns.note_end(self)
            raise OperationalError(statement, {}, self._lost_connection())

    def _lost_connection(self) -> Exception:
        if self.database.dialect == "sqlite":
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode, error.sqlite_errorname = 5, "SQLITE_BUSY"
            return error
        return psycopg.errors.AdminShutdown("terminating connection due to administrator command")

    def _wrap_commits(self, engine: Any) -> None:
        commit, rollback = engine.dialect.do_commit, engine.dialect.do_rollback

        def do_commit(connection: Any) -> None:
            await_only(self._wait("COMMIT"))
            self._fail_if_away("COMMIT")
            with self.invariants.committing(self.id):
                commit(connection)
                self.turns.note_end(self)
                self.invariants.check(self.turns.steps)
            if self.lost_commits > 0 and not self.turns.open:
                self.lost_commits -= 1
                raise OperationalError("COMMIT", {}, self._lost_connection())

        def do_rollback(connection: Any) -> None:
            try:
                rollback(connection)
            finally:
                self.turns.note_end(self)

        engine.dialect.do_commit, engine.dialect.do_rollback = do_commit, do_rollback

    def do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Start work; errors on purpose end it, as the daemon's dispatchers do."""

        async def guarded() -> None:
            with suppress(IngestError):
                await work()

        task = asyncio.create_task(guarded())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(self.turns.note_task_end)
        return task

    async def kill(self) -> None:
        """End at once; what is not committed is lost."""
        self.is_killed = True
        doomed = [*self.tasks, *self.claims.returns]
        doomed += [batches._worker for batches in (self.polled, self.made) if batches._worker]
        for task in doomed:
            task.cancel()
        await asyncio.gather(*doomed, return_exceptions=True)
        await self.database.__aexit__(None, None, None)
        self.turns.note_end(self)

    async def poll(self) -> None:
        await self._claim_and(
            self._poll,
            lambda connection: sources.claim_due(connection, self.id, now=datetime.now(UTC) + LATER, limit=2),
        )

    async def _claim_and(
        self,
        work: Callable[[Any], Coroutine[Any, Any, None]],
        claim: Callable[[AsyncConnection], Awaitable[Sequence[Any]]],
    ) -> None:
        """Claim sources or entries, and work on each; a claim whose work fails is left to the heartbeat."""

        async def do(claimed: Any) -> None:
            try:
                await work(claimed)
            finally:
                self.claims.remove([claim_of(claimed)])

        with self.claims.claiming() as register:
            async with self.database.write() as connection:
                found = await claim(connection)
                register(map(claim_of, found))
        await asyncio.gather(*map(do, found))

    async def _poll(self, source: Source) -> None:
        await self.turns.wait(self, "the request")
        reply = self.publisher.reply(source)
        await self.turns.wait(self, "the response")
        await self.poller.poll(source, reply)

    async def push(self, source_id: int, guids: list[str]) -> None:
        """Push stories, all in one document, until the push is acknowledged or refused."""
        stories = {}
        for guid in guids:
            stories[guid] = self.publisher.sent[guid] = self.publisher.sent.get(guid, 0) + 1
        await self.inbox.receive(source_id, feed_of(stories), content_type=None)
        for guid, version in stories.items():
            self.publisher.acknowledged[guid] = max(version, self.publisher.acknowledged.get(guid, 0))
            self.invariants.acknowledge(self.turns.steps, guid, version)

    async def make(self) -> None:
        await self._claim_and(
            self._make,
            lambda connection: entries.claim_due(connection, self.id, now=datetime.now(UTC) + LATER, limit=3),
        )

    async def revisit(self) -> None:
        await self._claim_and(
            self._make,
            lambda connection: revisits.claim_due(
                connection, self.id, now=datetime.now(UTC) + LATER, limit=2, timing=Timing()
            ),
        )

    async def _make(self, work: ClaimedEntry) -> None:
        await self.turns.wait(self, "the request")
        await self.turns.wait(self, "the response")
        kind = "saved" if self.turns.open else self.chance.choices(["saved", "failed", "put off"], [6, 2, 2])[0]
        if kind == "put off":
            await retry_while_unavailable(lambda: self._put_off(work))
        else:
            outcome = self._outcome(work, kind)
            await retry_while_unavailable(lambda: self.made.put(outcome))

    def _outcome(self, work: ClaimedEntry, kind: str) -> EntryOutcome:
        now = datetime.now(UTC)
        visits = Visits(last_at=now, next_at=now)
        if kind == "saved":
            return saved(work, work.entry.headline or "", at=now, visits=visits)
        if work.known is not None:
            return RevisitFailed(work=work, at=now, visits=visits)
        return failed_attempt(work, now, _RETRIES, Unreachable(work.entry.link or "", "no answer"))

    async def _put_off(self, work: ClaimedEntry) -> None:
        postpone = entries.postpone if work.known is None else revisits.postpone
        async with self.database.write() as connection:
            await postpone(connection, work, until=datetime.now(UTC))

    async def beat(self) -> None:
        await send_heartbeat(self.database, self.id, role="daemon", observer=self.observer, claims=self.claims)

    async def take_over(self, other: "Run") -> None:
        """Take another run for dead."""
        async with self.database.write() as connection:
            # As `expire_dead` does it: of two that take it over, one does.
            if await runs._delete_runs(connection, t.runs.c.id == other.id):
                await runs._release_claims(connection, [other.id])
