"""`ingestd run`: from settings to a daemon, and through its signals to its end."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog

from ingestd import __version__
from ingestd.daemon import process_memory
from ingestd.daemon.chores import look_at_pushed, schedule, settle_schedule
from ingestd.daemon.health import Health
from ingestd.daemon.http import websub
from ingestd.daemon.http.server import serve
from ingestd.daemon.service import Service
from ingestd.daemon.single_instance import alone
from ingestd.daemon.systemd import notify
from ingestd.errors import ConfigError
from ingestd.pipeline.runtime import make_directories, open_runtime, rules_of, sqlite_file
from ingestd.settings import Settings

log = structlog.get_logger(__name__)

#: Exit status when a second signal ends us at once, as shells show a death by SIGTERM or SIGINT.
_NOW = 128

#: Seconds that closing everything may take once the budget for work is spent: the last commits, and the workers' ends.
_CLOSING = 20.0

#: Settings that SIGHUP takes over; what the others made is built into open parts.
AT_ONCE = ("interval", "interval_floor", "attempts", "retry_delay", "settle", "revisit_first", "revisit_until")


async def run_daemon(
    settings: Settings,
    *,
    migrate: bool = True,
    reload: Callable[[], Settings] | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Run the daemon until SIGTERM or SIGINT.

    `reload` reads the settings again on SIGHUP; `ready` is told the address of the status page.
    Raises ConfigError, SchemaMismatch, StoreUnavailable while starting.
    """
    process_memory.give_memory_back()
    async with AsyncExitStack() as stack:
        make_directories(settings)
        stack.enter_context(alone(sqlite_file(settings)))
        for login in settings.logins:
            if login.in_the_clear:
                log.warning("a login crosses the network without TLS", origin=login.place)
        runtime = await stack.enter_async_context(open_runtime(settings, role="daemon", upgrade=migrate))
        service = Service(
            runtime,
            max_polls=settings.max_polls,
            max_pages=settings.max_pages,
            per_site=settings.host_concurrency,
            callback=settings.public_url + websub.PATH if settings.public_url else None,
        )
        token = settings.api_token.get_secret_value() if settings.api_token else None
        inbox_token = settings.inbox_token.get_secret_value() if settings.inbox_token else None
        answering = serve(Health(service), settings.listen, token=token, inbox_token=inbox_token)
        address = await stack.enter_async_context(answering)
        process_memory.settle()
        await look_at_pushed(service)
        await settle_schedule(service)
        scheduler = schedule(service, keep_polls=settings.keep_polls)
        scheduler.start()
        stack.callback(scheduler.shutdown, wait=False)
        stopped = _listen_to_signals(service, settings, reload)
        log.info("started", version=__version__, address=address, database=runtime.database.dialect, pid=os.getpid())
        notify("READY=1", f"STATUS=listening on {address}")
        if ready:
            ready(address)
        await _work_until(stopped, service, settings.stop_timeout)
    log.info("stopped")


async def _work_until(stopped: asyncio.Event, service: Service, budget: float) -> None:
    """Run the service until it is told to stop; then give what is at work `budget` seconds to end."""
    work = asyncio.create_task(service.run())
    stop = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            await work
        # A budget that is longer than the unit's TimeoutStopSec is kept all the same (sd_notify(3)).
        notify("STOPPING=1", f"EXTEND_TIMEOUT_USEC={(budget + _CLOSING) * 1_000_000:.0f}")
        done, _ = await asyncio.wait([work], timeout=budget)
        if not done:
            log.warning(
                "stop takes too long: what is at work is given back",
                at_work=service.polls.at_work + service.pages.at_work,
            )
    finally:
        stop.cancel()
        work.cancel()
        await asyncio.wait([work, stop])
    if work.done() and not work.cancelled() and (error := work.exception()):
        raise error


def _listen_to_signals(service: Service, settings: Settings, reload: Callable[[], Settings] | None) -> asyncio.Event:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop(number: signal.Signals) -> None:
        if stopped.is_set():
            log.warning("stopping at once", signal=number.name)
            # Everything that counts is committed; what is not comes back at the next start.
            os._exit(_NOW + number)
        log.info("stopping", signal=number.name)
        service.stop()
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    if reload:
        loop.add_signal_handler(signal.SIGHUP, Reloading(service, settings, reload))
    return stopped


class Reloading:
    """Takes over, on SIGHUP, the settings that can change while we run; a bad file keeps the old ones."""

    def __init__(self, service: Service, settings: Settings, reload: Callable[[], Settings]) -> None:
        self._service = service
        self._settings = settings
        self._reload = reload

    def __call__(self) -> None:
        """Read the settings again, and say what came of it."""
        # The time is for units of Type=notify-reload: it tells this answer from one to an earlier SIGHUP.
        notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            settings = self._reload()
        except ConfigError as error:
            log.error("settings kept", error=str(error))  # noqa: TRY400 - the operator's mistake, not a bug
        else:
            self._take(settings)
        notify("READY=1")

    def _take(self, settings: Settings) -> None:
        changed = [name for name in Settings.model_fields if getattr(settings, name) != getattr(self._settings, name)]
        self._service.runtime.ingest.rules = rules_of(settings)
        self._settings = self._settings.model_copy(update={name: getattr(settings, name) for name in AT_ONCE})
        log.info("settings reloaded", changed=[name for name in changed if name in AT_ONCE])
        if later := [name for name in changed if name not in AT_ONCE]:
            log.warning("settings need a restart", changed=later)
