"""The engine of one process: a dispatcher for polls, one for new pages, one for revisits."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import structlog

from ingestd.errors import StoreError
from ingestd.model.source import Source
from ingestd.pipeline.dispatcher import Dispatcher
from ingestd.pipeline.engine.engine import KINDS, AtWork, Kind, Reports
from ingestd.pipeline.entry_worker import EntryWorker
from ingestd.pipeline.poll_worker import PollWorker
from ingestd.pipeline.runtime import Runtime
from ingestd.store.outages import log_failure
from ingestd.store.polls import sources
from ingestd.store.work.own_claims import claim_of
from ingestd.urls import pacing_key

log = structlog.get_logger(__name__)

#: Revisits get one slot for this many slots for new pages.
_PAGES_PER_REVISIT = 4


class LocalEngine:
    """An `Engine` that claims for this process what is due, for all sites.

    At most `max_polls` polls and `max_pages` pages are under way, and `per_site` of one site.
    """

    def __init__(self, runtime: Runtime, reports: Reports, *, max_polls: int, max_pages: int, per_site: int) -> None:
        self._runtime = runtime
        self._reports = reports
        worker = PollWorker(ingest=runtime.ingest, run_id=runtime.run_id, on_poll=reports.on_poll)
        self.polls: Dispatcher[Source] = Dispatcher(
            claim=self._claim_sources,
            work=worker.process,
            site=lambda source: pacing_key(source.url),
            limit=max_polls,
            per_site=per_site,
        )
        self.pages = EntryWorker(
            ingest=runtime.ingest, limit=max_pages, per_site=per_site, on_outcome=reports.on_page, node=runtime.node
        ).dispatcher
        # A few slots of their own: a new page never waits for a revisit.
        self.revisits = EntryWorker(
            ingest=runtime.ingest,
            limit=max(1, max_pages // _PAGES_PER_REVISIT),
            per_site=1,
            on_outcome=reports.on_revisit,
            yields_to=self.pages,
            node=runtime.node,
        ).dispatcher

    async def run(self) -> None:
        """Work until `stop` is called and the work under way has ended."""
        async with asyncio.TaskGroup() as tasks:
            for dispatcher in self._dispatchers(KINDS):
                tasks.create_task(dispatcher.run())

    async def run_until_idle(self, kinds: Collection[Kind] = ("polls", "pages")) -> None:
        """Work on what is due, one kind after the other, until nothing of these kinds is."""
        for dispatcher in self._dispatchers(kinds):
            await dispatcher.run_until_idle()

    def stop(self) -> None:
        """Start no more work."""
        for dispatcher in self._dispatchers(KINDS):
            dispatcher.stop()

    def nudge(self, kinds: Collection[Kind] = KINDS) -> None:
        """Look for due work of these kinds now."""
        for dispatcher in self._dispatchers(kinds):
            dispatcher.nudge()

    def at_work(self) -> AtWork:
        """Return how much this process works on."""
        return AtWork(
            polls=self.polls.at_work,
            pages=self.pages.at_work,
            revisits=self.revisits.at_work,
            waiting=self.polls.waiting + self.pages.waiting,
        )

    def trouble(self) -> str | None:
        """Return None: one process needs nobody else."""
        return None

    def _dispatchers(self, kinds: Collection[Kind]) -> list[Dispatcher[Any]]:
        return [getattr(self, kind) for kind in KINDS if kind in kinds]

    async def _claim_sources(self, wanted: int, without_sites: Collection[str]) -> list[Source]:
        runtime = self._runtime
        try:
            with runtime.claims.claiming() as register:
                async with runtime.database.write() as connection:
                    found = await sources.claim_due(
                        connection,
                        runtime.run_id,
                        now=datetime.now(UTC),
                        limit=wanted,
                        node=runtime.node.polls,
                        without_sites={*without_sites, *runtime.node.foreign_sites},
                    )
                    register(map(claim_of, found))
        except StoreError as error:
            # The next tick tries again; the health report shows for how long writes have failed.
            log_failure(log, "claim failed", error)
            self._reports.on_claim(False)
            return []
        if found:
            self._reports.on_claim(True)
        return found
