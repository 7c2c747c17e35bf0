"""The engine of many machines: each takes turns at sites from one queue, so that a site is in one hand at a time."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from time import monotonic

import structlog
from sqlalchemy import text

from ingestd.errors import StoreError
from ingestd.pipeline.engine.engine import KINDS, AtWork, Kind, Reports
from ingestd.pipeline.engine.turns.job_queue import NODE_QUEUE, JobQueue, QueueError
from ingestd.pipeline.engine.turns.turn import Turns
from ingestd.pipeline.runtime import Runtime
from ingestd.store.outages import log_failure
from ingestd.store.work.due_sites import due_sites, free_queues_of_nodes

log = structlog.get_logger(__name__)

#: Seconds between two looks at what is due, and until the queue is used again after a failure.
_LOOK, _AFTER_FAILURE = 0.25, 2.0

#: Seconds between two looks for the turns of machines that have died.
_RESCUE = 5.0

#: Turns that wait in the queue at most, for each that this process may take at once.
_AHEAD = 4

#: Key of the advisory lock under which one process at a time looks for due sites.
_LOOKING = 0x1267E581


#: Seconds by which the clock of this machine may differ from the database's: times when work is due are compared among
#: machines, so that the work of a machine that is ahead would be late at the others.
MAX_CLOCK_OFFSET = 30.0


class TurnEngine:
    """An `Engine` on a queue that machines share: it takes at most `concurrency` turns at once.

    At most `per_site` jobs of a site are under way.
    """

    def __init__(self, runtime: Runtime, reports: Reports, *, concurrency: int, per_site: int) -> None:
        self._runtime = runtime
        self._turns = Turns(runtime, reports, per_site=per_site)
        self._queue = JobQueue(runtime.database, self._turns.take, node=runtime.node.name, concurrency=concurrency)
        self._concurrency = concurrency
        self._look = asyncio.Event()
        self._stopping = asyncio.Event()
        self._rescued_at = float("-inf")
        #: Seconds by which this machine's clock is ahead of the database's.
        self._clock_offset = 0.0

    async def run(self) -> None:
        """Work until `stop` is called and the turns under way have ended."""
        while not self._stopping.is_set():
            try:
                async with self._queue:
                    await self._compare_clocks()
                    looking = asyncio.create_task(self._look_for_work(), name="look for due sites")
                    try:
                        while not self._stopping.is_set():
                            if not self.trouble():
                                await self._queue.work(wait=True)
                            # Without its own network, this machine would only take turns from those that have one.
                            await self._pause(self._runtime.fetcher.held_for("") or (1.0 if self.trouble() else 0.0))
                    finally:
                        looking.cancel()
                        await asyncio.wait([looking])
            except (QueueError, StoreError) as error:
                log.warning("the queue of turns is not available", error=str(error))
                await self._pause(_AFTER_FAILURE)

    async def _pause(self, seconds: float) -> None:
        """Wait for some seconds, or until `stop`."""
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([stopped], timeout=seconds)
        stopped.cancel()

    async def run_until_idle(self, kinds: Collection[Kind] = ("polls", "pages")) -> None:  # noqa: ARG002
        """Work on what is due until nothing is; a turn takes all kinds."""
        async with self._queue:
            while not self._stopping.is_set() and await self._queue_due_sites():
                await self._queue.work(wait=False)

    def stop(self) -> None:
        """Take no more turns, and start no more jobs of those under way."""
        self._stopping.set()
        self._turns.stop()
        self._queue.stop()

    def nudge(self, kinds: Collection[Kind] = KINDS) -> None:  # noqa: ARG002 - a turn takes all kinds
        """Look for due sites soon."""
        self._look.set()

    def at_work(self) -> AtWork:
        """Return how much this process works on."""
        return self._turns.at_work()

    def trouble(self) -> str | None:
        """Return why this process takes no work; None: it does."""
        if abs(self._clock_offset) <= MAX_CLOCK_OFFSET:
            return None
        side = "ahead of" if self._clock_offset > 0 else "behind"
        return (
            f"the clock of this machine is {abs(self._clock_offset):.0f} s {side} the database's: it takes no work "
            "until the clocks agree; have both set by NTP"
        )

    async def _compare_clocks(self) -> None:
        async with self._runtime.database.read() as connection:
            theirs: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        before, self._clock_offset = self.trouble(), (datetime.now(UTC) - theirs).total_seconds()
        after = self.trouble()
        if after:
            self._queue.stop()
            if not before:
                log.error("takes no work", reason=after)
        elif before:
            log.info("takes work again: the clocks agree")

    async def _look_for_work(self) -> None:
        while True:
            await self._look.wait()
            self._look.clear()
            try:
                if monotonic() - self._rescued_at >= _RESCUE:
                    self._rescued_at = monotonic()
                    await self._compare_clocks()
                    if count := await self._queue.free_lost():
                        log.info("freed the sites of lost turns", turns=count)
                    async with self._runtime.database.write() as connection:
                        await free_queues_of_nodes(connection, NODE_QUEUE)
                if self._runtime.fetcher.held_for(""):
                    self._queue.stop()
                if not self.trouble():
                    await self._queue_due_sites()
            except StoreError as error:
                log_failure(log, "due sites not found", error)
                await asyncio.sleep(_AFTER_FAILURE)
            except QueueError as error:
                log.warning("turns not queued", error=str(error))
                await asyncio.sleep(_AFTER_FAILURE)
            except Exception:
                log.exception("bug", doing="look for due sites")
                await asyncio.sleep(_AFTER_FAILURE)
            await asyncio.sleep(_LOOK)

    async def _queue_due_sites(self) -> int:
        """Queue a turn at each site where something is due; returns at how many."""
        async with self._runtime.database.write() as connection:
            # Another process that looks just now queues the same sites.
            is_alone = await connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOOKING})
            if not is_alone.scalar_one():
                return 0
            node = self._runtime.node
            sites = await due_sites(
                connection,
                now=datetime.now(UTC),
                limit=_AHEAD * self._concurrency,
                with_revisits=bool(self._runtime.ingest.timing.revisit_first),
                node=node.polls,
                without=node.foreign_sites,
            )
            await self._queue.defer({site: is_own or site in node.login_sites for site, is_own in sites.items()})
        return len(sites)
