"""A turn at one site: what is due there is claimed and worked on, a bounded number of jobs, in one hand."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreError
from ingestd.model.source import Source
from ingestd.pipeline.dispatcher import AHEAD, Dispatcher
from ingestd.pipeline.engine.engine import AtWork, Reports
from ingestd.pipeline.entry_worker import EntryProcessor
from ingestd.pipeline.poll_worker import PollWorker
from ingestd.pipeline.runtime import Runtime
from ingestd.store.outages import log_failure
from ingestd.store.polls import sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.records.outcomes import EntryOutcome
from ingestd.store.work import due_sites, entries, revisits
from ingestd.store.work.due_sites import SHARE
from ingestd.store.work.entries import ClaimedEntry
from ingestd.store.work.own_claims import claim_of

log = structlog.get_logger(__name__)

#: A turn claims nothing more after this many jobs, or seconds: then the site goes to the end of the queue.
MAX_JOBS, MAX_SECONDS = 50, 30.0

#: Jobs that a turn claims at once, if it can work on them in its time.
_CLAIM = 25

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
        self._under_way: list[Dispatcher[Any]] = []
        self._stopping = False
        self.counts = {"polls": 0, "pages": 0, "revisits": 0}

    async def take(self, site: str) -> None:
        """Work on what is due at a site until nothing is, the site has to be left alone, or the turn was long enough.

        At the end other machines can have the site, and what is due there is put off for as long as it asks for.
        """
        turn = _Turn(site=site)

        async def claim(wanted: int, _without: Collection[str]) -> list[Source | ClaimedEntry]:
            seconds = MAX_SECONDS - (monotonic() - turn.began)
            if self._stopping or not turn.may_have_more or turn.left <= 0 or seconds <= 0:
                return []
            found = await self._claim(turn, min(wanted, turn.left, self._most_within(seconds, site)))
            turn.left -= len(found)
            return found

        texts = site.startswith(SHARE)
        dispatcher: Dispatcher[Source | ClaimedEntry] = Dispatcher(
            claim=claim,
            work=partial(self._work, turn),
            # What asks no site has a slot of its own, since it does not have to wait.
            site=lambda work: site if _asks_site(work) else f"entry {work.id}",
            limit=_TEXTS_AT_ONCE if texts else self._per_site,
            per_site=self._per_site,
            ahead=AHEAD if texts else max(AHEAD, _CLAIM // self._per_site),
        )
        turn.dispatcher = dispatcher
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

    def _most_within(self, seconds: float, site: str) -> int:
        """Return the number of jobs that a turn can begin in some seconds; at least those that begin now."""
        delay = 0.0 if site.startswith(SHARE) else self._runtime.pacing.delay_of(site)
        return self._per_site * max(1, int(seconds / delay) if delay <= MAX_PAUSE else 1) if delay else MAX_JOBS

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

    async def _claim(self, turn: "_Turn", limit: int) -> list[Source | ClaimedEntry]:
        """Claim work at a site: polls, then new pages, and revisits if there is neither."""
        runtime, found = self._runtime, list[Source | ClaimedEntry]()
        site = turn.site
        is_left = runtime.fetcher.held_for(site) or self._pause(site) or site in runtime.node.foreign_sites
        if is_left:
            return []
        # Set before the search: a poll that ends meanwhile may bring more.
        turn.may_have_more = False
        try:
            with runtime.claims.claiming() as register:
                async with runtime.database.write() as connection:
                    found, is_all = await self._claimed(connection, site, limit)
                    register(map(claim_of, found))
        except StoreError as error:
            log_failure(log, "claim failed", error)
            self._reports.on_claim(False)
            return []
        turn.may_have_more = turn.may_have_more or not is_all
        if found:
            self._reports.on_claim(True)
        return found

    async def _claimed(
        self, connection: AsyncConnection, site: str, limit: int
    ) -> tuple[list[Source | ClaimedEntry], bool]:
        """Return what was claimed, and whether that is all there is to claim now."""
        run_id, now, timing = self._runtime.run_id, datetime.now(UTC), self._runtime.ingest.timing
        found = list[Source | ClaimedEntry]()
        if site.startswith(SHARE):
            # More than wanted: other turns claim the first ones just now.
            ids = await due_sites.find_due_of_site(connection, None, now=now, limit=8 * limit)
            found += await entries.claim(connection, run_id, ids, now=now, limit=limit)
            return found, not found
        due = await due_sites.due_kinds(connection, site, now=now, with_revisits=bool(timing.revisit_first))
        if due.polls:
            found += await sources.claim_due_of_site(
                connection, run_id, site, now=now, limit=limit, node=self._runtime.node.polls
            )
        if due.pages and (left := limit - len(found)):
            ids = await due_sites.find_due_of_site(connection, site, now=now, limit=left)
            found += await entries.claim(connection, run_id, ids, now=now, limit=left) if ids else ()
        if due.revisits and found:
            return found, False
        if due.revisits:
            found += await revisits.claim_due(connection, run_id, now=now, limit=limit, timing=timing, only_site=site)
        return found, len(found) < limit

    async def _work(self, turn: "_Turn", work: Source | ClaimedEntry) -> None:
        # That it is slow may have been read only after this was claimed.
        wait = self._pause(turn.site) if _asks_site(work) else 0.0
        if isinstance(work, Source):
            await self._counted("polls", self._poll(turn, work, wait))
        elif work.known is None:
            await self._counted("pages", self._entry(turn, self._reports.on_page, work, wait))
        else:
            await self._counted("revisits", self._entry(turn, self._reports.on_revisit, work, wait))

    async def _poll(self, turn: "_Turn", source: Source, wait: float) -> None:
        def end(done: PollResult) -> None:
            turn.may_have_more = turn.may_have_more or bool(done.new or done.changed)
            self._reports.on_poll(done)

        worker = PollWorker(ingest=self._runtime.ingest, run_id=self._runtime.run_id, on_poll=end)
        await worker.process(source, wait=wait)

    async def _entry(
        self, turn: "_Turn", on_outcome: Callable[[EntryOutcome], None], work: ClaimedEntry, wait: float
    ) -> None:
        processor = EntryProcessor(ingest=self._runtime.ingest, on_outcome=on_outcome)
        await processor.process(work, withdraw=lambda _: turn.withdraw_like(work), wait=wait)

    async def _counted(self, kind: str, job: Awaitable[None]) -> None:
        self.counts[kind] += 1
        try:
            await job
        finally:
            self.counts[kind] -= 1


@dataclass(slots=True, kw_only=True)
class _Turn:
    """The state of a turn: when it began (monotonic), how many jobs it may claim yet, and whether there may be more."""

    site: str
    began: float = field(default_factory=monotonic)
    left: int = MAX_JOBS
    #: False: the last claim found all there was, and no poll has brought more since.
    may_have_more: bool = True
    dispatcher: Dispatcher[Any] | None = None

    def withdraw_like(self, work: ClaimedEntry) -> list[ClaimedEntry]:
        """Return the waiting entries that are postponed together with one, which then do not run."""

        def is_like(other: Source | ClaimedEntry) -> bool:
            if isinstance(other, Source) or not _asks_site(other):
                return False
            return (other.known is None) == (work.known is None)

        return self.dispatcher.withdraw(self.site, is_like) if self.dispatcher else []


def _asks_site(work: Source | ClaimedEntry) -> bool:
    return isinstance(work, Source) or work.entry.body_html is None
