"""Inboxes: what is pushed to a source by whoever may, taken as if it had been fetched."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import Row

from ingestd.errors import Busy, IngestError, StoreError, UsageError
from ingestd.model.reply import Reply
from ingestd.model.source import Source
from ingestd.pipeline.poll import Poller
from ingestd.pipeline.retry import retry_while_unavailable
from ingestd.store.database import Database
from ingestd.store.operations import failures
from ingestd.store.operations.failures import failure_of, stage_of
from ingestd.store.polls import sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.urls import is_folder, is_inbox, without_userinfo

log = structlog.get_logger(__name__)

#: Seconds that a push may take, waiting for others to the same source included; the sender may try again.
PUSH_TIMEOUT = 20.0

#: Pushes to one source that may wait; those beyond are told at once.
MAX_WAITING = 100

#: Pushes to one source that are taken together, where so many wait.
BATCH_SIZE = 20


@dataclass(slots=True, kw_only=True)
class _Push:
    """A document that waits to be taken."""

    body: bytes
    content_type: str | None
    done: asyncio.Future[PollResult]


class Inbox:
    """Takes what is pushed, with the tools it is handed."""

    def __init__(self, *, run_id: str, database: Database, poller: Poller) -> None:
        self._run_id = run_id
        self._database = database
        self._poller = poller
        #: By source, those that nobody has taken yet.
        self._waiting: defaultdict[int, deque[_Push]] = defaultdict(deque)
        self._giving_back: set[asyncio.Task[None]] = set()

    async def find(self, name: str) -> Row[Any]:
        """Return the source of that number, URL, or name of an inbox; raises UsageError, StoreError."""
        async with self._database.read() as connection:
            try:
                row = await sources.find(connection, name)
            except UsageError:
                row = await sources.find(connection, f"inbox:{name}")
        if row.kind != "feed":
            raise UsageError(f"source {row.id} is what a backfill took, and takes nothing else")
        return row

    async def receive(self, source_id: int, body: bytes, *, content_type: str | None) -> PollResult:
        """Commit what a document says that was pushed to a source, those to one source in the order they came.

        Raises ParseError and WorkerError for one that cannot be read, which is a failure row; Busy where another has
        the source at work or where it takes too long, and StoreError: the sender may try again.
        """
        waiting = self._waiting[source_id]
        if len(waiting) >= MAX_WAITING:
            raise Busy("too many pushes to the source are waiting")
        push = _Push(body=body, content_type=content_type, done=asyncio.get_running_loop().create_future())
        waiting.append(push)
        started = monotonic()
        try:
            async with asyncio.timeout(PUSH_TIMEOUT), self._poller.push_lock(source_id):
                # Whoever had the turn before may have taken it along.
                if not push.done.done():
                    await self._take(source_id, waiting)
        except TimeoutError as error:
            raise Busy(f"it was not committed within {PUSH_TIMEOUT:.0f} s") from error
        finally:
            with suppress(ValueError):
                waiting.remove(push)
        poll = await push.done
        log.info(
            "pushed", source=without_userinfo(poll.source.url), listed=len(poll.new) + (poll.known or 0),
            new=len(poll.new), changed=len(poll.changed), seconds=round(monotonic() - started, 3),
        )  # fmt: skip
        return poll

    async def _take(self, source_id: int, waiting: deque[_Push]) -> None:
        """Take those that wait, the first ones first; all of them are done then, or wait again."""
        some = [waiting.popleft() for _ in range(min(len(waiting), BATCH_SIZE))]
        try:
            for push, done in zip(some, await self._push(source_id, some), strict=True):
                if isinstance(done, IngestError):
                    push.done.set_exception(done)
                else:
                    push.done.set_result(done)
        except IngestError as error:
            for push in some:
                push.done.set_exception(error)
        finally:
            # Where whoever has the turn may wait no longer, others may.
            waiting.extendleft(push for push in reversed(some) if not push.done.done())
            for push in some:
                if push.done.done():  # whoever pushed it may have gone: then nobody else asks
                    push.done.exception()

    async def _push(self, source_id: int, some: Sequence[_Push]) -> list[PollResult | IngestError]:
        source, shares = await self._claim(source_id)
        replies = [
            Reply(url=source.url, final_url=source.url, status=200, body=push.body, content_type=push.content_type)
            for push in some
        ]
        released = shares
        try:
            done = await self._poller.push_all(source, replies, keeps_claim=shares)
            released = shares or any(isinstance(one, PollResult) and not one.keeps_claim for one in done)
        finally:
            if not released:
                await self._give_back(source_id)
        for one in done:
            if isinstance(one, IngestError) and not one.local and not isinstance(one, StoreError):
                await self._note(source, one)
        return done

    async def _claim(self, source_id: int) -> tuple[Source, bool]:
        """Return a source that is ours now, and whether a look at its folder has it as well; raises Busy."""
        async with self._database.write() as connection:
            claimed = await sources.claim(connection, self._run_id, [source_id])
            if claimed:
                return claimed[0], False
            row = await sources.find(connection, str(source_id))
        # A look at a folder holds the turn for each of its files, and nobody polls an inbox.
        if row.run_id == self._run_id and (is_folder(row.url) or is_inbox(row.url)):
            return sources.source_from_row(row), is_folder(row.url)
        raise Busy("the source is being polled")

    async def _give_back(self, source_id: int) -> None:
        async def give_back() -> None:
            async with self._database.write() as connection:
                await sources.release(connection, source_id, self._run_id)

        try:
            await give_back()
        except StoreError:
            # Nobody may wait for it, but a claim of ours that stayed would keep everyone else out.
            task = asyncio.create_task(retry_while_unavailable(give_back))
            self._giving_back.add(task)
            task.add_done_callback(self._giving_back.discard)

    async def _note(self, source: Source, error: IngestError) -> None:
        failure = failure_of(
            error, stage=stage_of(error), at=datetime.now(UTC), attempt=1, url=source.url, source_id=source.id
        )
        log.warning("push cannot be read", source=without_userinfo(source.url), error=failure.error)
        async with self._database.write() as connection:
            await failures.add(connection, [failure])
