"""What is done every so often, ticked by APScheduler."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from ingestd.daemon.checks import DEAD_SCHEDULER
from ingestd.daemon.service import Service
from ingestd.daemon.systemd import notify, watchdog_interval
from ingestd.errors import IngestError, StoreError
from ingestd.pipeline.embargo_release import release_due
from ingestd.store.operations import decisions, failures, robots_files, sites
from ingestd.store.polls import polls, silence, sources, subscriptions
from ingestd.store.work import entries, revisits, runs

log = structlog.get_logger(__name__)

#: Seconds between two looks at what is due.
TICK = 1.0

#: Seconds between two looks at which drop folders there are.
WATCH = 5.0

#: So many sources may be due at once; what is overdue beyond that, after a start or when the clock was set, is
#: spread over so many seconds.
AT_ONCE, SPREAD = 64, 300.0

#: Sources whose silence is judged in one go: each costs some milliseconds, and they are the event loop's.
LISTENED_TO = 100

#: A site that brought no article for so long may look otherwise when it does.
SITE_FORGOTTEN = timedelta(days=90)

#: Wall clock and monotonic clock part by more than this when somebody sets the time, or the host was asleep (seconds).
CLOCK_SET = 60.0


def schedule(service: Service, *, keep_polls: float) -> AsyncIOScheduler:
    """Return a scheduler, not started, with the tick and the chores; `keep_polls` is seconds.

    APScheduler 3 cancels what it runs when it shuts down, and swallows what that raises:
    so it only ticks, and polls and pages belong to the service's own task groups.
    """
    clock = Clock()
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    chores: list[tuple[float, Callable[[], Awaitable[None]]]] = [
        (TICK, lambda: _tick(service, clock)),
        (TICK, lambda: _release(service)),
        (runs.HEARTBEAT, lambda: take_over(service)),
        (WATCH, service.drops.watch),
        (60.0, lambda: _repair(service)),
        (60.0, lambda: _subscribe(service)),
        (60.0, Silence(service).listen),
        (600.0, lambda: _forget(service, keep_polls)),
        (3600.0, lambda: _sweep(service)),
    ]
    if (interval := watchdog_interval()) is not None:
        chores.append((interval, lambda: watchdog(service)))
    for seconds, chore in chores:
        scheduler.add_job(_said(chore), "interval", seconds=seconds)
    return scheduler


def _said(chore: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Wrap a chore so that its failure is logged and its next time comes."""

    async def run() -> None:
        try:
            await chore()
        except IngestError as error:
            log.warning("chore failed", error=str(error))

    return run


class Clock:
    """Notices when the wall clock was set."""

    def __init__(self) -> None:
        self._offset = self._measured()

    @staticmethod
    def _measured() -> float:
        return datetime.now(UTC).timestamp() - monotonic()

    def was_set(self) -> float:
        """Return by how many seconds the clock was set since the last call, 0 where it was not."""
        before, self._offset = self._offset, self._measured()
        moved = self._offset - before
        return moved if abs(moved) > CLOCK_SET else 0.0


async def _tick(service: Service, clock: Clock) -> None:
    if moved := clock.was_set():
        log.warning("the clock was set", seconds=round(moved))
        await settle_schedule(service)
    service.tick()


async def _release(service: Service) -> None:
    # By the wall clock at each look and no timer: an embargo ends when it says, wherever the clock was set meanwhile.
    await release_due(service.runtime.database)


async def settle_schedule(service: Service) -> None:
    """See that a start, a long sleep or a clock that was set makes neither a burst nor a standstill."""
    now = datetime.now(UTC)
    async with service.runtime.database.write() as connection:
        await sources.free_from_the_future(connection, now=now)
        await entries.free_from_the_future(connection, now=now)
        await revisits.free_from_the_future(connection, now=now)
        if spread := await sources.spread_overdue(connection, now=now, most=AT_ONCE, over=SPREAD):
            log.info("overdue sources are spread", sources=spread, seconds=SPREAD)


async def look_at_pushed(service: Service) -> None:
    """Have sources polled whose hub may have given up while we were away."""
    async with service.runtime.database.write() as connection:
        await subscriptions.look_at_pushed(connection, now=datetime.now(UTC))


async def _subscribe(service: Service) -> None:
    if service.subscriber and not service.service_state.stopping:
        await service.subscriber.ask()


async def take_over(service: Service) -> None:
    """Give back what runs had claimed that are gone; the heartbeat before that shows whether we can write at all."""
    runtime, now = service.runtime, datetime.now(UTC)
    try:
        async with runtime.database.write() as connection:
            # After a database that was away our own heartbeat is as old as theirs, and we would end ourselves.
            await runs.beat(connection, runtime.run_id, role=runtime.role, now=now)
            if gone := await runs.end_gone(connection, now=now):
                log.info("took over", runs=gone)
    except StoreError:
        service.service_state.written(ok=False)
        raise
    service.service_state.written(ok=True)


async def _repair(service: Service) -> None:
    if service.service_state.stopping:
        return
    if await service.repair.run():
        service.pages.nudge()


class Silence:
    """Looks which sources are too quiet, some at a time: all are looked at in turn."""

    def __init__(self, service: Service) -> None:
        self._database = service.runtime.database
        #: The last one looked at; 0 where the next is the first.
        self.last = 0

    async def listen(self) -> None:
        """Look at the next sources."""
        now, found = datetime.now(UTC), []
        async with self._database.read() as connection:
            some = await silence.candidates(connection, now=now, after=self.last, limit=LISTENED_TO)
        self.last = some[-1].id if len(some) == LISTENED_TO else 0
        for source in some:
            async with self._database.read() as connection:
                if await silence.is_quiet(connection, source, now=now):
                    found.append(source)
        if found:
            async with self._database.write() as connection:
                await silence.note(connection, found)
            log.warning("sources are quieter than their own weeks", sources=len(found))


async def _forget(service: Service, keep: float) -> None:
    now = datetime.now(UTC)
    before = now - timedelta(seconds=keep)
    async with service.runtime.database.write() as connection:
        await polls.forget_before(connection, before)
        await failures.forget_before(connection, before)
        await decisions.forget_before(connection, before)
        await robots_files.forget_before(connection, now)
        await sites.forget_before(connection, now - SITE_FORGOTTEN)


async def _sweep(service: Service) -> None:
    await service.runtime.archive.sweep(datetime.now(UTC))


async def watchdog(service: Service) -> None:
    """Tell systemd that we live, but only when the loop, the scheduler and the database answer."""
    # Not whether anything was claimed: while all places are taken by work that takes its time, nothing is.
    if monotonic() - service.service_state.last_tick < DEAD_SCHEDULER or service.service_state.stopping:
        await service.runtime.database.ping()
        notify("WATCHDOG=1")
