"""What is done every so often, ticked by APScheduler."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from ingestd.daemon.checks import DEAD_SCHEDULER
from ingestd.daemon.notify import notify, watchdog_interval
from ingestd.daemon.service import Service
from ingestd.errors import IngestError
from ingestd.store import polls, runs

log = structlog.get_logger(__name__)

#: Seconds between two looks at what is due.
TICK = 1.0


def schedule(service: Service, *, keep_polls: float) -> AsyncIOScheduler:
    """Return a scheduler, not started, with the tick and the chores; `keep_polls` is seconds.

    APScheduler 3 cancels what it runs when it shuts down, and swallows what that raises:
    so it only ticks, and polls and pages belong to the service's own task groups.
    """
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    chores: list[tuple[float, Callable[[], Awaitable[None]]]] = [
        (TICK, lambda: _tick(service)),
        (runs.HEARTBEAT, lambda: take_over(service)),
        (600.0, lambda: _forget_polls(service, keep_polls)),
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


async def _tick(service: Service) -> None:
    service.tick()


async def take_over(service: Service) -> None:
    """Give back what runs had claimed that are gone."""
    parts, now = service.parts, datetime.now(UTC)
    async with parts.database.write() as connection:
        # After a database that was away our own heartbeat is as old as theirs, and we would end ourselves.
        await runs.beat(connection, parts.run_id, role=parts.role, now=now)
        if gone := await runs.end_gone(connection, now=now):
            log.info("took over", runs=gone)


async def _forget_polls(service: Service, keep: float) -> None:
    async with service.parts.database.write() as connection:
        await polls.forget_before(connection, datetime.now(UTC) - timedelta(seconds=keep))


async def _sweep(service: Service) -> None:
    await service.parts.archive.sweep(datetime.now(UTC))


async def watchdog(service: Service) -> None:
    """Tell systemd that we live, but only when the loop, the scheduler and the database answer."""
    # Not whether anything was claimed: while all places are taken by work that takes its time, nothing is.
    if monotonic() - service.pulse.last_tick < DEAD_SCHEDULER or service.pulse.stopping:
        await service.parts.database.ping()
        notify("WATCHDOG=1")
