"""Accept documents that are pushed to a source, as if they had been fetched."""

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
from ingestd.store.database import Database
from ingestd.store.operations import failures
from ingestd.store.operations.failures import failure_of, stage_of
from ingestd.store.polls import sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.polls.source_rows import source_from_row
from ingestd.store.work.own_claims import OwnClaims, claim_of
from ingestd.urls import is_folder, is_inbox, without_userinfo
from ingestd.workers.results import ParsedFeed

log = structlog.get_logger(__name__)

#: Seconds a push may wait for others to the same source, and then for its commit.  The time in which its document is
#: parsed does not count, so that a parser that comes to no end is found out: it exceeds its limit of CPU time.
PUSH_TIMEOUT = 20.0

#: Maximum number of pushes to one source that may wait; further pushes are refused at once.
MAX_WAITING = 100

#: Waits before a push is committed again whose claim was lost or held elsewhere, in seconds.
_AGAIN = (0.02, 0.1, 0.5)

#: Maximum number of waiting pushes to one source that are committed together.
BATCH_SIZE = 20


@dataclass(slots=True, kw_only=True)
class _Push:
    """A pushed document that waits to be committed."""

    body: bytes
    content_type: str | None
    result: asyncio.Future[PollResult]
    #: The document, or why it cannot be read; None: it is not parsed yet.
    parsed: ParsedFeed | IngestError | None = None


class Inbox:
    """Receiver of the documents that are pushed to sources."""

    def __init__(self, *, run_id: str, claims: OwnClaims, database: Database, poller: Poller) -> None:
        self._run_id = run_id
        self._claims = claims
        self._database = database
        self._poller = poller
        #: Source → its waiting pushes, in the order of arrival.
        self._waiting: defaultdict[int, deque[_Push]] = defaultdict(deque)

    async def find(self, name: str) -> Row[Any]:
        """Return the row of a source, given its id, its URL or the name of its inbox; raises UsageError, StoreError."""
        async with self._database.read() as connection:
            try:
                row = await sources.find(connection, name)
            except UsageError:
                row = await sources.find(connection, f"inbox:{name}")
        if row.kind != "feed":
            raise UsageError(f"source {row.id} belongs to a backfill and accepts no pushes")
        return row

    async def receive(self, source_id: int, body: bytes, *, content_type: str | None) -> PollResult:
        """Commit the entries of a document that was pushed to a source; pushes to one source keep their order.

        Raises ParseError or WorkerError if the document cannot be read; the failure is stored.  Raises Busy if the
        source is being polled or the commit takes too long, and StoreError; the sender may then try again.
        """
        waiting = self._waiting[source_id]
        if len(waiting) >= MAX_WAITING:
            raise Busy("too many pushes to the source are waiting")
        push = _Push(body=body, content_type=content_type, result=asyncio.get_running_loop().create_future())
        waiting.append(push)
        started = monotonic()
        try:
            async with asyncio.timeout(PUSH_TIMEOUT) as limit, self._poller.push_lock(source_id):
                # The previous holder of the lock may have committed this push together with its own.
                if not push.result.done():
                    await self._commit_waiting(source_id, waiting, limit)
        except TimeoutError as error:
            raise Busy(f"the push was not committed within {PUSH_TIMEOUT:.0f} s; try again") from error
        finally:
            with suppress(ValueError):
                waiting.remove(push)
        poll = await push.result
        log.info(
            "pushed", source=without_userinfo(poll.source.url), listed=len(poll.new) + (poll.known or 0),
            new=len(poll.new), changed=len(poll.changed), seconds=round(monotonic() - started, 3),
        )  # fmt: skip
        return poll

    async def _commit_waiting(self, source_id: int, waiting: deque[_Push], limit: asyncio.Timeout) -> None:
        """Commit a batch of waiting pushes, oldest first; afterwards each has a result or waits again."""
        batch = [waiting.popleft() for _ in range(min(len(waiting), BATCH_SIZE))]
        try:
            for push, result in zip(batch, await self._push_held(source_id, batch, limit), strict=True):
                if isinstance(result, IngestError):
                    push.result.set_exception(result)
                else:
                    push.result.set_result(result)
        except IngestError as error:
            for push in batch:
                push.result.set_exception(error)
        finally:
            # If this push was cancelled by its timeout, the others of the batch may still have time.
            waiting.extendleft(push for push in reversed(batch) if not push.result.done())
            for push in batch:
                if push.result.done():  # retrieves the exception: asyncio logs one whose sender has disconnected
                    push.result.exception()

    async def _push_held(
        self, source_id: int, batch: Sequence[_Push], limit: asyncio.Timeout
    ) -> list[PollResult | IngestError]:
        """Push a batch; again if a poll has just ended: one whose claim it shared, or which held the source."""
        for wait in _AGAIN:
            with suppress(Busy):
                results = await self._push(source_id, batch, limit)
                if not any(isinstance(result, Busy) for result in results):
                    return results
            await asyncio.sleep(wait)
        return await self._push(source_id, batch, limit)

    async def _push(
        self, source_id: int, batch: Sequence[_Push], limit: asyncio.Timeout
    ) -> list[PollResult | IngestError]:
        source, is_shared = await self._claim(source_id)
        replies = [
            Reply(url=source.url, final_url=source.url, status=200, body=push.body, content_type=push.content_type)
            for push in batch
        ]
        is_released = is_shared
        try:
            parsed = await self._parse(batch, replies, limit)
            results = await self._poller.push_all(source, replies, parsed, keeps_claim=is_shared)
            is_released = is_shared or any(isinstance(one, PollResult) and not one.keeps_claim for one in results)
        finally:
            if is_released:
                self._claims.remove([claim_of(source)])
            else:
                await self._release(source)
        for result in results:
            if isinstance(result, IngestError) and not result.local and not isinstance(result, Busy):
                await self._add_failure(source, result)
        return results

    async def _parse(
        self, batch: Sequence[_Push], replies: Sequence[Reply], limit: asyncio.Timeout
    ) -> list[ParsedFeed | IngestError]:
        """Parse the documents of a batch that were not parsed in an earlier attempt; each keeps what was found."""

        async def parse(push: _Push, reply: Reply) -> ParsedFeed | IngestError:
            if push.parsed is None:
                push.parsed = await self._poller.parse_pushed(reply)
            return push.parsed

        loop = asyncio.get_running_loop()
        limit.reschedule(loop.time() + PUSH_TIMEOUT + self._poller.parse_limit)
        parsed = await asyncio.gather(*map(parse, batch, replies))
        limit.reschedule(loop.time() + PUSH_TIMEOUT)
        return parsed

    async def _claim(self, source_id: int) -> tuple[Source, bool]:
        """Claim a source; returns it, and whether a running poll of its folder holds the claim.  Raises Busy."""
        with self._claims.claiming() as register:
            async with self._database.write() as connection:
                claimed = await sources.claim(connection, self._run_id, [source_id])
                register(map(claim_of, claimed))
                row = await sources.find(connection, str(source_id))
        if claimed:
            return claimed[0], False
        # This run has the claim.  A poll of a folder holds the push lock while it commits files, so this push does not
        # run at the same time; an inbox is never polled.
        if row.run_id == self._run_id and (is_folder(row.url) or is_inbox(row.url)):
            source = source_from_row(row)
            self._claims.add([claim_of(source)])
            return source, is_folder(row.url)
        raise Busy("the source is being polled")

    async def _release(self, source: Source) -> None:
        async def release() -> None:
            async with self._database.write() as connection:
                await sources.release(connection, source, self._run_id)

        task: asyncio.Task[None] | None = None
        try:
            await release()
        except StoreError:
            # Retry in the background: the sender must not wait, but a claim that stays would block the source.
            task = self._claims.give_back_later(self._poller.retries.while_unavailable(release, limit=None))
            task.add_done_callback(lambda _: self._claims.remove([claim_of(source)]))
        finally:
            if task is None:
                self._claims.remove([claim_of(source)])

    async def _add_failure(self, source: Source, error: IngestError) -> None:
        failure = failure_of(
            error,
            stage=stage_of(error, of_document=True),
            at=datetime.now(UTC),
            attempt=1,
            url=source.url,
            source_id=source.id,
        )
        log.warning("push cannot be read", source=without_userinfo(source.url), error=failure.error)
        async with self._database.write() as connection:
            await failures.add(connection, [failure])
