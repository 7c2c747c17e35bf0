"""A turn at one site: what is due there is claimed and worked on, a bounded number of jobs, in one hand."""

from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreError
from ingestd.model.source import Source
from ingestd.pipeline.dispatcher import Dispatcher
from ingestd.pipeline.engine.engine import AtWork, Reports
from ingestd.pipeline.entry_worker import EntryProcessor
from ingestd.pipeline.poll_worker import PollWorker
from ingestd.pipeline.runtime import Runtime
from ingestd.store.outages import log_failure
from ingestd.store.polls import sources
from ingestd.store.records.outcomes import EntryOutcome
from ingestd.store.work import due_sites, entries, revisits
from ingestd.store.work.due_sites import SHARE
from ingestd.store.work.entries import ClaimedEntry
from ingestd.store.work.own_claims import claim_of

log = structlog.get_logger(__name__)

#: A turn claims nothing more after this many jobs, or seconds: then the site goes to the end of the queue.
MAX_JOBS, MAX_SECONDS = 50, 30.0

#: Entries that bring their text and are worked on at once in one turn.
_TEXTS_AT_ONCE = 8

#: Seconds: a turn ends where the next request would have to wait for longer, and leaves its slot to another site.
MAX_PAUSE = 5.0


class Turns:
    """Takes turns at sites for one process; at most `per_site` jobs of a site are under way at once."""

    def __init__(self, runtime: Runtime, reports: Reports, *, per_site: int) -> None:
        self._runtime = runtime
        self._reports = reports
        self._per_site = per_site
        self._polls = PollWorker(ingest=runtime.ingest, run_id=runtime.run_id, on_poll=reports.on_poll)
        self._under_way: list[Dispatcher[Any]] = []
        self._stopping = False
        self.counts = {"polls": 0, "pages": 0, "revisits": 0}

    async def take(self, site: str) -> None:
        """Work on what is due at a site until nothing is, the site has to be left alone, or the turn was long enough.

        At the end other machines can have the site, and what is due there is put off for as long as it asks for.
        """
        began, left = monotonic(), MAX_JOBS

        async def claim(wanted: int, _without: Collection[str]) -> list[Source | ClaimedEntry]:
            nonlocal left
            if self._stopping or left <= 0 or monotonic() - began > MAX_SECONDS:
                return []
            found = await self._claim(site, min(wanted, left))
            left -= len(found)
            return found

        dispatcher: Dispatcher[Source | ClaimedEntry] = Dispatcher(
            claim=claim,
            work=partial(self._work, site),
            # What asks no site has a slot of its own, since it does not have to wait.
            site=lambda work: site if _asks_site(work) else f"entry {work.id}",
            limit=self._per_site if not site.startswith(SHARE) else _TEXTS_AT_ONCE,
            per_site=self._per_site,
        )
        self._under_way.append(dispatcher)
        try:
            await dispatcher.run_until_idle()
            await self._leave(site)
        finally:
            self._under_way.remove(dispatcher)

    async def _leave(self, site: str) -> None:
        """Let other machines have a site, and put off what is due there for as long as nobody may ask for it."""
        runtime = self._runtime
        # While the network of this machine is down, the others need not wait.
        is_offline = runtime.fetcher.held_for("") > 0
        wait = 0.0 if is_offline else max(runtime.fetcher.held_for(site), self._pause(site))
        runtime.pacing.hand_over(site)
        if wait and not site.startswith(SHARE):
            try:
                async with runtime.database.write() as connection:
                    await due_sites.put_off(
                        connection, site, now=datetime.now(UTC), seconds=wait, step=runtime.pacing.delay_of(site)
                    )
            except StoreError as error:
                # Left due: the next look finds the site again once it may be asked.
                log_failure(log, "site not put off", error, site=site)

    def _pause(self, site: str) -> float:
        """Return the seconds until the next request at a site if a turn does not wait for so long, else 0."""
        wait = self._runtime.pacing.wait_for(site)
        return wait if wait > MAX_PAUSE else 0.0

    def stop(self) -> None:
        """Start no more jobs; the turns under way end with the jobs under way."""
        self._stopping = True
        for dispatcher in self._under_way:
            dispatcher.stop()

    def at_work(self) -> AtWork:
        """Return how much is under way."""
        return AtWork(waiting=sum(dispatcher.waiting for dispatcher in self._under_way), **self.counts)

    async def _claim(self, site: str, limit: int) -> list[Source | ClaimedEntry]:
        """Claim work at a site: polls, else new pages, else revisits."""
        runtime, found = self._runtime, list[Source | ClaimedEntry]()
        is_left = runtime.fetcher.held_for(site) or self._pause(site) or site in runtime.node.foreign_sites
        if is_left:
            return []
        try:
            with runtime.claims.claiming() as register:
                async with runtime.database.write() as connection:
                    found = await self._claimed(connection, site, limit)
                    register(map(claim_of, found))
        except StoreError as error:
            log_failure(log, "claim failed", error)
            self._reports.on_claim(False)
            return []
        if found:
            self._reports.on_claim(True)
        return found

    async def _claimed(self, connection: AsyncConnection, site: str, limit: int) -> list[Source | ClaimedEntry]:
        run_id, now = self._runtime.run_id, datetime.now(UTC)
        if site.startswith(SHARE):
            # More than wanted: other turns claim the first ones just now.
            ids = await due_sites.find_due_of_site(connection, None, now=now, limit=8 * limit)
            return [*await entries.claim(connection, run_id, ids, now=now, limit=limit)]
        if polls := await sources.claim_due_of_site(
            connection, run_id, site, now=now, limit=limit, node=self._runtime.node.polls
        ):
            return [*polls]
        ids = await due_sites.find_due_of_site(connection, site, now=now, limit=limit)
        if ids and (pages := await entries.claim(connection, run_id, ids, now=now, limit=limit)):
            return [*pages]
        timing = self._runtime.ingest.timing
        if not timing.revisit_first:
            return []
        return [*await revisits.claim_due(connection, run_id, now=now, limit=limit, timing=timing, only_site=site)]

    async def _work(self, site: str, work: Source | ClaimedEntry) -> None:
        # That it is slow may have been read only after this was claimed.
        wait = self._pause(site) if _asks_site(work) else 0.0
        if isinstance(work, Source):
            await self._counted("polls", self._polls.process(work, wait=wait))
        elif work.known is None:
            await self._counted("pages", self._entries(self._reports.on_page, work, wait))
        else:
            await self._counted("revisits", self._entries(self._reports.on_revisit, work, wait))

    async def _entries(self, on_outcome: Callable[[EntryOutcome], None], work: ClaimedEntry, wait: float) -> None:
        # What is claimed and waits is not withdrawn: a site on hold gives it back, one after the other.
        processor = EntryProcessor(ingest=self._runtime.ingest, on_outcome=on_outcome)
        await processor.process(work, withdraw=lambda _: [], wait=wait)

    async def _counted(self, kind: str, job: Awaitable[None]) -> None:
        self.counts[kind] += 1
        try:
            await job
        finally:
            self.counts[kind] -= 1


def _asks_site(work: Source | ClaimedEntry) -> bool:
    return isinstance(work, Source) or work.entry.body_html is None
