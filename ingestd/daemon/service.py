"""The daemon between its start and its stop: it ticks, claims what is due, and works."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import TypeVar

import structlog

from ingestd.daemon.folder_watch import FolderWatch
from ingestd.daemon.service_state import ServiceState
from ingestd.errors import StoreError
from ingestd.model.source import Source
from ingestd.pipeline.dispatcher import Dispatcher
from ingestd.pipeline.entry_worker import EntryWorker, one_job
from ingestd.pipeline.listings.documents import Documents
from ingestd.pipeline.runtime import Runtime
from ingestd.pipeline.websub import Subscriber
from ingestd.repair.job import Repair
from ingestd.store.polls import sources
from ingestd.store.polls.poll_result import Poll
from ingestd.store.records.saves import Failed, Missed, Outcome, Saved
from ingestd.urls import place

K = TypeVar("K")

log = structlog.get_logger(__name__)

#: For so many places for new pages there is one for pages that are visited again.
_OF_PAGES = 4


class Service:
    """Two dispatchers over one set of parts: polls of sources, and entries made records."""

    def __init__(
        self, runtime: Runtime, *, max_polls: int, max_pages: int, per_site: int, callback: str | None = None
    ) -> None:
        self.runtime = runtime
        self.service_state = ServiceState()
        self.polls: Dispatcher[Source] = Dispatcher(
            claim=self._claim_sources,
            work=self._poll,
            site=lambda source: place(source.url),
            limit=max_polls,
            per_site=per_site,
        )
        self.pages = EntryWorker(
            ingest=runtime.ingest,
            limit=max_pages,
            per_site=per_site,
            made=self._made,
        ).dispatcher
        # They have places of their own, and few: what is new never waits for one of theirs.
        self.revisits = EntryWorker(
            ingest=runtime.ingest,
            limit=max(1, max_pages // _OF_PAGES),
            per_site=1,
            made=self._revisited,
            after=self.pages,
        ).dispatcher
        #: Where hubs may push; None without a public address.
        self.subscriber = self._subscriber(callback) if callback else None
        self.drops = FolderWatch(
            database=runtime.database, folder_poller=runtime.ingest.folder_poller, nudge=self.polls.nudge
        )
        self.repair = Repair(
            database=runtime.database,
            fetcher=runtime.fetcher,
            documents=Documents(
                fetcher=runtime.fetcher,
                pool=runtime.pool,
                archive=runtime.archive,
                rules=replace(runtime.ingest.rules, attempts=1),  # a gap has tries of its own
                max_body=runtime.max_body,
            ),
        )

    def _subscriber(self, callback: str) -> Subscriber:
        runtime = self.runtime
        return Subscriber(
            run_id=runtime.run_id,
            database=runtime.database,
            fetcher=runtime.fetcher,
            poller=runtime.ingest.poller,
            callback=callback,
        )

    async def run(self) -> None:
        """Work until `stop`; ends when what is at work has ended."""
        async with asyncio.TaskGroup() as watch:
            watching = watch.create_task(self.drops.run())
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.polls.run())
                tasks.create_task(self.pages.run())
                tasks.create_task(self.revisits.run())
            watching.cancel()

    async def run_dry(self) -> None:
        """Work until nothing is due, then end: what backfills and one-off polls do."""
        await self.polls.run_dry()
        await self.pages.run_dry()

    def stop(self) -> None:
        """Begin nothing new."""
        self.service_state.stopping = True
        self.polls.stop()
        self.pages.stop()
        self.revisits.stop()

    def tick(self) -> None:
        """Look for what has become due."""
        self.service_state.last_tick = monotonic()
        self._count()
        self.polls.nudge()
        self.pages.nudge()
        self.revisits.nudge()

    def _count(self) -> None:
        self.service_state.polls_at_work = self.polls.at_work
        self.service_state.pages_at_work = self.pages.at_work
        self.service_state.revisits_at_work = self.revisits.at_work
        self.service_state.waiting = self.polls.waiting + self.pages.waiting

    async def _claim_sources(self, wanted: int, without_sites: Collection[str]) -> list[Source]:
        try:
            async with self.runtime.database.write() as connection:
                found = await sources.claim_due(
                    connection, self.runtime.run_id, now=datetime.now(UTC), limit=wanted, without_sites=without_sites
                )
        except StoreError as error:
            # The next tick asks again; health shows how long it has been.
            log.warning("claim failed", error=str(error))
            self.service_state.written(ok=False)
            return []
        if found:
            self.service_state.written(ok=True)
        return found

    async def _poll(self, source: Source) -> None:
        async def put_off(until: datetime) -> None:
            async with self.runtime.database.write() as connection:
                await sources.put_off(connection, source.id, self.runtime.run_id, until=until)

        async def poll() -> None:
            done = await self.runtime.ingest.poll(source)
            _add(self.service_state.polls_done, done.outcome)
            self.service_state.bytes_fetched += done.size or 0
            if done.failure:
                _add(self.service_state.failures, (done.failure.stage, done.failure.error))
            if done.new or done.changed:
                self.pages.nudge()

        await one_job(self.runtime.fetcher, place(source.url), poll, put_off)

    def pushed(self, done: Poll | None) -> None:
        """Count a push, None where it was dropped, and begin with what it brought."""
        _add(self.service_state.pushes, "taken" if done else "dropped")
        if done and (done.new or done.changed):
            self.pages.nudge()

    def _made(self, done: Outcome) -> None:
        _add(self.service_state.entries_done, type(done).__name__.lower())
        if isinstance(done, Saved) and done.raw:
            self.service_state.bytes_fetched += 0 if done.fragment else done.raw.size
        if isinstance(done, Failed):
            _add(self.service_state.failures, (done.failure.stage, done.failure.error))

    def _revisited(self, done: Outcome) -> None:
        _add(self.service_state.revisits_done, _came_of(done))
        if isinstance(done, Saved) and done.raw:
            self.service_state.bytes_fetched += done.raw.size


def _came_of(done: Outcome) -> str:
    """Return what came of a visit in a word: changed, unchanged, gone or failed."""
    if isinstance(done, Missed):
        return "gone" if done.failure is None else "failed"
    return "changed" if isinstance(done, Saved) else "unchanged"


def _add(counts: dict[K, int], key: K) -> None:
    counts[key] = counts.get(key, 0) + 1
