"""Run a backfill: list its entries and process them concurrently, until both are done or it is stopped."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Row

from ingestd.backfill.kinds import kind_named
from ingestd.errors import IngestError
from ingestd.pipeline.entry_worker import EntryWorker
from ingestd.pipeline.ingest import Ingest
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.pipeline.listings.listing import ListingStep, ListingTask
from ingestd.store.database import lock_records
from ingestd.store.polls import polls
from ingestd.store.polls.known_entries import known_entries
from ingestd.store.records import raws
from ingestd.store.records.outcomes import EntryOutcome, Failed
from ingestd.store.work import backfills
from ingestd.times import iso
from ingestd.urls import without_userinfo

log = structlog.get_logger(__name__)

#: Seconds between two checks for due entries, while all remaining entries wait for a retry.
_CLAIM_INTERVAL = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingCounts:
    """Counts of what a backfill has listed, over all its runs; stored as JSON by field name."""

    documents: int = 0
    #: Entries that the backfill added.
    added: int = 0
    #: Entries that the source already had.
    known: int = 0
    #: Reason → number of entries left out.
    left_out: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "ListingCounts":
        """Return the stored counts, without counts that only a newer program knows."""
        return cls(**{name: count for name, count in stored.items() if name in cls.__slots__})

    def after(self, step: ListingStep, added: int) -> "ListingCounts":
        """Return the counts after one more step, of whose entries `added` are new."""
        return replace(
            self,
            documents=self.documents + step.documents,
            added=self.added + added,
            known=self.known + len(step.found) - added,
            left_out=dict(Counter(self.left_out) + Counter(step.left_out)),
        )


class Backfill:
    """A backfill that this run has claimed.

    `row` is its row in the database, `counts` maps each state to the number of its entries in that state, and
    `max_documents` limits the documents that this run reads.
    """

    def __init__(
        self,
        row: Row[Any],
        counts: Mapping[str, int],
        *,
        ingest: Ingest,
        reader: DocumentReader,
        limit: int,
        per_site: int,
        max_documents: int,
    ) -> None:
        kind = kind_named(row.kind)
        task = ListingTask(argument=row.argument, options=row.options, position=row.cursor.get("position", {}))
        self.id: int = row.id
        self.listed = ListingCounts.of(row.cursor.get("listed", {}))
        #: Entries that are done, and entries that are quarantined.
        self.processed = counts.get("done", 0)
        self.quarantined = counts.get("quarantined", 0)
        #: Why the listing ended early.  None: it did not.
        self.error: str | None = None
        self._source_id: int = row.source_id
        self._ingest = ingest
        self._steps = kind.listing(reader, task)
        self._max_documents = self.listed.documents + max_documents
        self._listing: asyncio.Task[None] | None = None
        self._listing_ended = False
        self._progress = asyncio.Event()
        self._stopping = False
        self._processing: asyncio.Task[None] | None = None
        #: Number of entries and due time that were last reported as waiting for their next attempt.
        self._reported: tuple[int, datetime] | None = None
        self._dispatcher = EntryWorker(
            ingest=ingest,
            limit=limit,
            per_site=per_site,
            on_outcome=self._count,
            backfill_id=row.id,
            fetch=kind.fetch(reader, task),
        ).dispatcher

    async def run(self) -> str:
        """List and process entries until both are done; returns the final state: done, failed, cancelled or running.

        running: the backfill was stopped and can be resumed.
        """
        async with asyncio.TaskGroup() as tasks:
            self._listing = tasks.create_task(self._list())
            self._processing = tasks.create_task(self._process_entries())
        return await self._ingest.retries.while_unavailable(self._end, limit=None)

    def stop(self) -> None:
        """Start no more entries; `run` ends when the running ones have ended."""
        self._stopping = True
        if self._listing:
            self._listing.cancel()
        self._dispatcher.stop()
        self._progress.set()

    def cancel(self) -> None:
        """Stop, and end the pages under way too: they stay pending and are fetched again when it is resumed."""
        self.stop()
        if self._processing:
            self._processing.cancel()

    async def _list(self) -> None:
        try:
            async with aclosing(self._steps) as steps:
                async for step in steps:
                    if not await self._ingest.retries.while_unavailable(partial(self._commit_step, step), limit=None):
                        return
                    self._dispatcher.nudge()
                    self._progress.set()
                    if self.listed.documents >= self._max_documents:
                        self.error = f"stopped after {self.listed.documents} documents, the limit set by --documents"
                        return
        except IngestError as error:
            self.error = str(error)
        finally:
            self._listing_ended = True
            self._progress.set()

    async def _commit_step(self, step: ListingStep) -> bool:
        """Commit the entries of a step and the position after it; returns False if the backfill was cancelled."""
        now, guids = datetime.now(UTC), [item.entry.guid for item in step.found]
        async with self._ingest.database.write() as connection:
            if versions := [item for item in step.found if item.version]:
                await lock_records(connection)
            known = await known_entries(connection, self._source_id, guids)
            new = {item.entry.guid: item for item in step.found if item.entry.guid not in known}
            taken = await backfills.take_over_entries(connection, self.id, self._source_id, [*known])
            listed = self.listed.after(step, len(new) + taken)
            cursor = {"position": dict(step.position), "listed": asdict(listed)}
            if not await backfills.advance(connection, self.id, self._ingest.run_id, now=now, cursor=cursor):
                await connection.rollback()
                return False
            await raws.add(connection, [step.raw], kind="page" if versions else "feed", now=now)
            pages = [item for item in new.values() if not item.version]
            await polls.add_entries(
                connection, self._source_id, [*pages, *versions], now=now, raw=step.raw, backfill_id=self.id
            )
        self.listed = listed
        self.processed += sum(item.version is not None for item in new.values())
        return True

    async def _process_entries(self) -> None:
        while not self._stopping:
            self._progress.clear()
            at_end = self._listing_ended
            await self._dispatcher.run_until_idle()
            if self._stopping or (at_end and not await self._ingest.retries.while_unavailable(self._waits, limit=None)):
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._progress.wait(), _CLAIM_INTERVAL if at_end else None)

    async def _waits(self) -> bool:
        """Return whether entries wait for their next attempt; log how many, the first of them, and until when."""
        async with self._ingest.database.read() as connection:
            waiting = await backfills.waiting_entries(connection, self.id)
        if waiting is None:
            return False
        if waiting.due_at > datetime.now(UTC) and self._reported != (waiting.number, waiting.due_at):
            self._reported = waiting.number, waiting.due_at
            url = waiting.url and without_userinfo(waiting.url)
            log.warning("waiting to retry", entries=waiting.number, first=url, next=iso(waiting.due_at))
        return True

    async def _end(self) -> str:
        """Commit the final state and return it."""
        async with self._ingest.database.write() as connection:
            if self._stopping or await backfills.next_due(connection, self.id) is not None:
                state = "running"
            else:
                state = "failed" if self.error else "done"
            is_claimed = await backfills.advance(
                connection, self.id, self._ingest.run_id, now=datetime.now(UTC), state=state, message=self.error
            )
            if is_claimed:
                return state
        await backfills.drop_pending(self._ingest.database, self.id)
        return "cancelled"

    def _count(self, outcome: EntryOutcome) -> None:
        if not isinstance(outcome, Failed):
            self.processed += 1
        elif outcome.retry_at is None:
            self.quarantined += 1
