"""The service of the daemon: claims due sources and entries and works on them until it is stopped."""

import asyncio
from dataclasses import asdict, replace
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

import structlog

from ingestd.daemon.folder_watch import FolderWatch
from ingestd.daemon.service_state import ServiceState
from ingestd.daemon.usage_figures import UsageFigures
from ingestd.delivery.engine.deliveries import Deliveries
from ingestd.delivery.streams import Streams
from ingestd.pipeline.engine.engine import Engine, Reports
from ingestd.pipeline.engine.make import make_engine
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.pipeline.runtime import Runtime
from ingestd.pipeline.websub import Subscriber
from ingestd.repair.job import Repair
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.records.outcomes import EntryOutcome, Failed, RevisitFailed, Saved
from ingestd.store.retention.prune import Rounds

if TYPE_CHECKING:  # it needs numpy: see `daemon.run`
    from ingestd.pipeline.stories.placer import Placer

K = TypeVar("K")

log = structlog.get_logger(__name__)


class Service:
    """Dispatchers for polls, new pages and revisits that share one runtime, the drop folder watch, and deliveries."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        max_polls: int,
        max_pages: int,
        per_site: int,
        callback: str | None = None,
        placer: "Placer | None" = None,
        deliveries: Deliveries | None = None,
    ) -> None:
        self.runtime = runtime
        #: Places records in stories; None: that is turned off.
        self.placer = placer
        #: Delivers events to consumers; None: this process does not.
        self.deliveries = deliveries
        runtime.ingest.sketches = placer.made_sketches if placer else None
        self.service_state = ServiceState()
        runtime.node.work = self._work
        #: Clients of /v1/stream.
        self.streams = Streams(runtime.database)
        self.usage = UsageFigures()
        self.retention_rounds = Rounds()
        reports = Reports(
            on_poll=self._count_poll,
            on_page=self._count_page,
            on_revisit=self._count_revisit,
            on_claim=lambda done: self.service_state.note_write(ok=done),
        )
        self.engine: Engine = make_engine(runtime, reports, max_polls=max_polls, max_pages=max_pages, per_site=per_site)
        #: Handles WebSub subscriptions; None: no public address, so hubs cannot push.
        self.subscriber = self._subscriber(callback) if callback else None
        self.drops = FolderWatch(
            database=runtime.database,
            folder_poller=runtime.ingest.folder_poller,
            node=runtime.node,
            nudge=lambda: self.engine.nudge(["polls"]),
        )
        self.repair = Repair(
            database=runtime.database,
            fetcher=runtime.fetcher,
            reader=DocumentReader(
                fetcher=runtime.fetcher,
                pool=runtime.pool,
                archive=runtime.archive,
                retries=runtime.retries,
                timing=replace(runtime.ingest.timing, attempts=1),  # a gap is retried as a whole
                max_body=runtime.max_body,
            ),
        )

    def _subscriber(self, callback: str) -> Subscriber:
        runtime = self.runtime
        return Subscriber(
            run_id=runtime.run_id,
            claims=runtime.claims,
            database=runtime.database,
            fetcher=runtime.fetcher,
            poller=runtime.ingest.poller,
            callback=callback,
            node=runtime.node,
        )

    async def run(self) -> None:
        """Work until `stop` is called and all work in progress has ended."""
        async with asyncio.TaskGroup() as watch:
            watching = watch.create_task(self.drops.run())
            if self.placer:
                watch.create_task(self.placer.run())
            if self.deliveries:
                watch.create_task(self.deliveries.run())
            await self.engine.run()
            watching.cancel()
            if self.placer:
                self.placer.stop()  # what it leaves, the next start places
            if self.deliveries:
                self.deliveries.stop()

    async def run_until_idle(self) -> None:
        """Work until nothing is due, for one-off polls."""
        await self.engine.run_until_idle(["polls"])
        await self.process_entries()

    async def process_entries(self) -> None:
        """Make records of all entries that are due, and place them in stories, for one-off polls."""
        await self.engine.run_until_idle(["pages"])
        if self.placer:
            await self.placer.place_all()

    def stop(self) -> None:
        """Start no new work."""
        self.service_state.stopping = True
        self.engine.stop()

    def tick(self) -> None:
        """Check for due work."""
        self.service_state.last_tick = monotonic()
        self._count()
        self.engine.nudge()

    def _count(self) -> None:
        at_work = self.engine.at_work()
        self.service_state.polls_at_work = at_work.polls
        self.service_state.pages_at_work = at_work.pages
        self.service_state.revisits_at_work = at_work.revisits
        self.service_state.waiting = at_work.waiting

    def _work(self) -> dict[str, int]:
        """Return what this node has at work, numbers by kind."""
        return {**asdict(self.engine.at_work()), "streams": self.streams.clients}

    def _count_poll(self, done: PollResult) -> None:
        _add(self.service_state.polls_done, done.outcome)
        self.service_state.bytes_fetched += done.size or 0
        self.service_state.documents_warned += bool(done.document_warnings)
        if done.failure:
            self.service_state.count_failure(done.failure.stage, done.failure.error)
        self._start_on_new(done)

    def count_push(self, done: PollResult | None) -> None:
        """Count a push (None: it was dropped) and start on its new entries."""
        _add(self.service_state.pushes, "taken" if done else "dropped")
        self.service_state.documents_warned += bool(done and done.document_warnings)
        if done:
            self._start_on_new(done)

    def _start_on_new(self, done: PollResult) -> None:
        if done.new or done.changed:
            self.engine.nudge(["pages"])
            self._wake_readers()

    def _count_page(self, done: EntryOutcome) -> None:
        _add(self.service_state.entries_done, type(done).__name__.lower())
        self._wake_readers()
        if isinstance(done, Saved) and done.raw:
            self.service_state.bytes_fetched += 0 if done.fragment else done.raw.size
        if isinstance(done, Failed):
            self.service_state.count_failure(done.failure.stage, done.failure.error)

    def _wake_readers(self) -> None:
        """Have those that read the event log look at it now."""
        if self.placer:
            self.placer.wake()
        if self.deliveries:
            self.deliveries.wake()
        self.streams.wake()

    def _count_revisit(self, done: EntryOutcome) -> None:
        _add(self.service_state.revisits_done, _revisit_outcome(done))
        self._wake_readers()
        if isinstance(done, Saved) and done.raw:
            self.service_state.bytes_fetched += done.raw.size


def _revisit_outcome(done: EntryOutcome) -> str:
    """Return the metric label of a revisit: changed, unchanged, gone or failed."""
    if isinstance(done, RevisitFailed):
        return "gone" if done.failure is None else "failed"
    return "changed" if isinstance(done, Saved) else "unchanged"


def _add(counts: dict[K, int], key: K) -> None:
    counts[key] = counts.get(key, 0) + 1
