"""The scheduler tick and the periodic chores of the daemon, run by APScheduler."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from time import monotonic

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from ingestd.daemon.checks import DEAD_SCHEDULER
from ingestd.daemon.service import Service
from ingestd.daemon.shared_chores import SharedChores
from ingestd.daemon.systemd import notify, watchdog_interval
from ingestd.erasure.job import erase_returned
from ingestd.errors import IngestError, StoreError
from ingestd.pipeline.embargo_release import release_due
from ingestd.pipeline.retention import prune_caches, prune_database
from ingestd.settings import Settings
from ingestd.store.operations.conversions import Conversion
from ingestd.store.operations.overview import count_daemons
from ingestd.store.operations.search_upkeep import SearchUpkeep
from ingestd.store.outages import log_failure
from ingestd.store.polls import due_times, quiet_sources, subscriptions
from ingestd.store.statements import chunks
from ingestd.store.work import entries, revisits, runs

log = structlog.get_logger(__name__)

#: Seconds between two checks for due work.
TICK = 1.0

#: Seconds between two updates of the list of watched drop folders.
WATCH_INTERVAL = 5.0

#: Overdue sources that stay due at once after a start or a clock change; the others are spread over SPREAD seconds.
MAX_OVERDUE, SPREAD = 64, 300.0

#: Sources checked for quiet in one run: each takes some milliseconds of the event loop.
QUIET_BATCH = 100

#: Seconds of each TICK in which rows of older releases are converted, until none is left.
CONVERSION_TIME = 0.3

#: Drift between wall clock and monotonic clock (seconds) beyond which the clock was set or the host was asleep.
CLOCK_JUMP = 60.0


@asynccontextmanager
async def scheduled(service: Service, *, settings: Settings) -> AsyncIterator[None]:
    """Run the tick and the chores; at the end those under way are cancelled and have ended.

    APScheduler 3 cancels its running jobs on shutdown, logs that as an error and does not wait for them.  So it only
    triggers: chores are tasks of their own, and polls and pages run in the task groups of the service.
    """
    clock, conversion = ClockWatch(), Conversion(service.runtime.database)
    search_upkeep = SearchUpkeep(service.runtime.database)
    shared = SharedChores(service.runtime.database, service.runtime.run_id)
    scheduler = AsyncIOScheduler(
        # Of two instances the second ends at once (`_job`); with one, APScheduler would log a warning.
        timezone=UTC,
        job_defaults={"coalesce": True, "max_instances": 2, "misfire_grace_time": None},
    )
    chores: list[tuple[float, Callable[[], Awaitable[None]]]] = [
        (TICK, lambda: _tick(service, clock)),
        (TICK, lambda: _check_polls(service, clock)),
        (TICK, lambda: _release(service)),
        (runs.HEARTBEAT, lambda: heartbeat(service)),
        (WATCH_INTERVAL, service.drops.watch),
        (60.0, shared.once("repair", 60.0, lambda: _repair(service))),
        (60.0, lambda: _subscribe(service)),
        (60.0, shared.once("quiet sources", 60.0, QuietCheck(service).run)),
        (TICK, lambda: _keep_up(service, shared, lambda: conversion.run(CONVERSION_TIME))),
        (TICK, lambda: _keep_up(service, shared, search_upkeep.run)),
        (600.0, shared.once("retention", 600.0, lambda: prune(service, settings))),
        (60.0, lambda: measure_usage(service)),
        # A directory may be this machine's own, and what is done in a shared one twice has no effect.
        (3600.0, lambda: sweep_archive(service, settings.archive_max)),
        (3600.0, lambda: _erase_returned(service)),
    ]
    if (interval := watchdog_interval()) is not None:
        chores.append((interval, lambda: watchdog(service)))
    under_way: set[asyncio.Task[None]] = set()
    for seconds, chore in chores:
        scheduler.add_job(_job(chore, under_way), "interval", seconds=seconds)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)


def _job(chore: Callable[[], Awaitable[None]], under_way: set[asyncio.Task[None]]) -> Callable[[], Awaitable[None]]:
    """Return a job that runs a chore as a task, which is in `under_way` until it ends; one at a time."""
    task: asyncio.Task[None] | None = None

    async def run() -> None:
        nonlocal task
        if task and not task.done():
            return
        task = own = asyncio.create_task(_logged(chore))
        under_way.add(own)
        own.add_done_callback(under_way.discard)
        # Cancelled on shutdown, which is no error.
        with suppress(asyncio.CancelledError):
            await asyncio.wait([own])
            own.result()  # `task` may be the next one: it can begin before this one's end is noticed here

    return run


async def _logged(chore: Callable[[], Awaitable[None]]) -> None:
    """Run a chore; log an IngestError instead of raising it."""
    try:
        await chore()
    except IngestError as error:
        log_failure(log, "chore failed", error)


class ClockWatch:
    """Detects jumps of the wall clock."""

    def __init__(self) -> None:
        self._offset = self._measured()
        #: Whether due times wait to be corrected after a jump: the database may have been away.
        self.has_jumped = False
        #: Whether sources polled by a clock that was ahead have not been looked for since the start or a jump.
        self.polls_unchecked = True

    @staticmethod
    def _measured() -> float:
        return datetime.now(UTC).timestamp() - monotonic()

    def jump(self) -> float:
        """Return by how many seconds the clock jumped since the last call; 0 when it did not."""
        before, self._offset = self._offset, self._measured()
        moved = self._offset - before
        return moved if abs(moved) > CLOCK_JUMP else 0.0


async def _tick(service: Service, clock: ClockWatch) -> None:
    if moved := clock.jump():
        log.warning("clock jumped", seconds=round(moved))
        clock.has_jumped = clock.polls_unchecked = True
    if clock.has_jumped:
        try:
            await correct_due_times(service)
            clock.has_jumped = False
        except StoreError as error:
            log_failure(log, "due times not corrected yet", error)
    service.tick()


async def _release(service: Service) -> None:
    # Compared with the wall clock on each tick, not a timer: an embargo ends on time even after the clock is set.
    await release_due(service.runtime.database)


async def _check_polls(service: Service, clock: ClockWatch) -> None:
    if clock.polls_unchecked:
        clock.polls_unchecked = False  # before: the clock may jump again meanwhile
        try:
            await correct_polls_ahead(service)
        except BaseException:
            clock.polls_unchecked = True
            raise


async def correct_polls_ahead(service: Service) -> None:
    """Make sources due that were polled by a clock that was ahead; with a million sources it takes seconds."""
    now = datetime.now(UTC)
    async with service.runtime.database.read() as connection:
        found = await due_times.polled_in_future(connection, now=now)
    for some in chunks(found):
        async with service.runtime.database.write() as connection:
            await due_times.fix_polled_in_future(connection, some, now=now)
    if found:
        await correct_due_times(service)  # so many at once would be a burst


async def correct_due_times(service: Service) -> None:
    """Avoid a burst and a standstill after a start, a sleep or a clock change; `correct_polls_ahead` does the rest."""
    now = datetime.now(UTC)
    async with service.runtime.database.write() as connection:
        await due_times.fix_future_due_times(connection, now=now)
        await entries.fix_future_due_times(connection, now=now)
        await revisits.fix_future_due_times(connection, now=now)
        if service.runtime.settings.engine != "local" and await count_daemons(connection) > 1:
            return  # the others take at once what this one would put off
        spread = await due_times.spread_overdue(connection, now=now, max_due=MAX_OVERDUE, seconds=SPREAD)
    if spread is None:
        log.warning("too many sources are overdue to spread them", more_than=due_times.MAX_SPREAD, order="longest due")
    elif spread:
        log.info("spread overdue sources", sources=spread, seconds=SPREAD)


async def make_pushed_sources_due(service: Service) -> None:
    """Make sources with a hub due: the hub may have stopped pushing while the daemon was down."""
    async with service.runtime.database.write() as connection:
        await subscriptions.make_pushed_sources_due(connection, now=datetime.now(UTC))


async def _subscribe(service: Service) -> None:
    if service.subscriber and not service.service_state.stopping:
        await service.subscriber.subscribe_due()


async def heartbeat(service: Service) -> None:
    """Send this run's heartbeat and release abandoned claims; notes whether the database accepts writes."""
    try:
        await service.runtime.send_heartbeat()
    except StoreError:
        service.service_state.note_write(ok=False)
        raise
    service.service_state.note_write(ok=True)


async def _repair(service: Service) -> None:
    if not service.service_state.stopping and await service.repair.run():
        service.engine.nudge(["pages"])


class QuietCheck:
    """Finds quiet sources; each run checks the next batch, after the last one the first again."""

    def __init__(self, service: Service) -> None:
        self._database = service.runtime.database
        #: The number of the last source checked; 0: the next run starts with the first.
        self.last = 0

    async def run(self) -> None:
        """Check the next batch of sources."""
        now, quiet = datetime.now(UTC), []
        async with self._database.read() as connection:
            batch = await quiet_sources.candidates(connection, now=now, after=self.last, limit=QUIET_BATCH)
        self.last = batch[-1].id if len(batch) == QUIET_BATCH else 0
        for source in batch:
            async with self._database.read() as connection:
                if await quiet_sources.is_quiet(connection, source, now=now):
                    quiet.append(source)
        if quiet:
            async with self._database.write() as connection:
                await quiet_sources.mark_quiet(connection, quiet)
            log.warning("found quiet sources", sources=len(quiet))


async def prune(service: Service, settings: Settings) -> None:
    """Delete what is older than the settings keep it; a stop interrupts it between two batches."""
    now, runtime = datetime.now(UTC), service.runtime

    def stopping() -> bool:
        return service.service_state.stopping

    await prune_caches(runtime.database, settings, now=now, stopping=stopping)
    done = await prune_database(
        runtime.database, runtime.archive, settings, now=now, stopping=stopping, rounds=service.retention_rounds
    )
    if any(one.rows for one in done):
        log.info(
            "pruned",
            **{one.table.replace(" (", "_").rstrip(")"): one.rows for one in done if one.rows},
            longest=round(max(one.longest for one in done), 4),
        )


async def measure_usage(service: Service) -> None:
    """Measure the sizes of tables and archive for the metrics, now and then."""
    if not service.service_state.stopping:
        await service.usage.measure(service.runtime.database, service.runtime.archive)


async def _keep_up(service: Service, shared: SharedChores, work: Callable[[], Awaitable[object]]) -> None:
    if not service.service_state.stopping and await shared.has_upkeep():
        await work()


async def sweep_archive(service: Service, archive_max: int | None) -> None:
    """Remove what killed processes left in the archive, and the oldest documents beyond `archive_max` bytes."""
    archive = service.runtime.archive
    await archive.sweep(datetime.now(UTC))
    if archive_max is not None and (deleted := await archive.trim(archive_max)):
        log.info("trimmed the archive", documents=deleted, limit=archive_max)


async def _erase_returned(service: Service) -> None:
    if erased := await erase_returned(service.runtime.database, service.runtime.archive):
        log.info("erased documents of purged records", documents=erased)


async def watchdog(service: Service) -> None:
    """Notify the systemd watchdog, but only when the event loop, the scheduler and the database respond."""
    # Claims are no sign of life: while slow work takes all slots, nothing is claimed.
    if monotonic() - service.service_state.last_tick < DEAD_SCHEDULER or service.service_state.stopping:
        await service.runtime.database.ping()
        notify("WATCHDOG=1")
