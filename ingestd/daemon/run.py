"""Run the daemon: open everything, handle signals, stop within the time limit."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from ingestd import __version__
from ingestd.daemon import process_memory
from ingestd.daemon.checks import LOSES_COMMITS, SHARED_DATABASE
from ingestd.daemon.chores import correct_due_times, make_pushed_sources_due, scheduled
from ingestd.daemon.health import Health
from ingestd.daemon.http import websub
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.server import serve
from ingestd.daemon.http.v1.limits import Allowance
from ingestd.daemon.service import Service
from ingestd.daemon.single_instance import instance_lock
from ingestd.daemon.systemd import notify
from ingestd.delivery.engine.deliveries import Deliveries
from ingestd.delivery.epoch import SeenEvents
from ingestd.errors import ConfigError
from ingestd.pipeline.database import make_directories, sqlite_file
from ingestd.pipeline.runtime import Runtime, open_runtime, timing_of
from ingestd.settings import MigrateOnStart, Settings
from ingestd.store.operations.durability import unsafe_settings
from ingestd.store.operations.overview import count_daemons

if TYPE_CHECKING:
    from ingestd.pipeline.stories.placer import Placer

log = structlog.get_logger(__name__)

#: Added to the signal number for the exit status after a second signal, as shells report a death by signal.
_SIGNAL_EXIT = 128

#: Seconds for closing everything after the budget for work is spent: the last commits and the end of the workers.
_CLOSE_TIME = 20.0

#: Settings that SIGHUP reloads; the others are built into objects that stay open.
RELOADABLE = ("interval", "interval_floor", "attempts", "retry_delay", "settle", "revisit_first", "revisit_until")


async def run_daemon(
    settings: Settings,
    *,
    migrate: MigrateOnStart | None = None,
    reload: Callable[[], Settings] | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Run the daemon until SIGTERM or SIGINT.

    A node that is drained stays until then without work; if it is resumed, everything is opened anew.

    `migrate` overrides the setting `migrate_on_start`.
    `reload` reads the settings again on SIGHUP; `ready` is called with the address of the status page.
    Raises ConfigError, SchemaMismatch, StoreUnavailable while starting.
    """
    process_memory.return_large_blocks()
    while await _run(settings, migrate=migrate, reload=reload, ready=ready):
        log.info("resuming")
    log.info("stopped")


async def _run(
    settings: Settings,
    *,
    migrate: MigrateOnStart | None,
    reload: Callable[[], Settings] | None,
    ready: Callable[[str], None] | None,
) -> bool:
    """Run the daemon until a signal, or until its node is resumed after it was drained; returns whether it was."""
    async with AsyncExitStack() as stack:
        make_directories(settings)
        stack.enter_context(instance_lock(sqlite_file(settings)))
        for login in settings.logins:
            if login.in_the_clear:
                log.warning("login is sent without TLS", origin=login.origin_url)
        runtime = await stack.enter_async_context(open_runtime(settings, role="daemon", migrate=migrate))
        await stack.enter_async_context(SeenEvents(runtime.database, settings.state_dir))
        service = Service(
            runtime,
            max_polls=settings.max_polls,
            max_pages=settings.max_pages,
            per_site=settings.host_concurrency,
            callback=settings.public_url + websub.PATH if settings.public_url else None,
            placer=_placer(settings, runtime) if settings.stories else None,
            deliveries=Deliveries(runtime.database, run_id=runtime.run_id, fetcher=runtime.fetcher, settings=settings),
        )
        token = settings.api_token.get_secret_value() if settings.api_token else None
        inbox_token = settings.inbox_token.get_secret_value() if settings.inbox_token else None
        access = Access.with_token(
            token,
            inbox_token=inbox_token,
            metrics_open=settings.metrics_open,
            allowed_hosts=_allowed_hosts(settings),
            listen_open=settings.listen_open,
            allowance=Allowance(rate=settings.api_rate, burst=settings.api_burst, concurrency=settings.api_concurrency),
        )
        server = serve(Health(service), settings.listen, access, public_url=settings.public_url)
        address = await stack.enter_async_context(server)
        process_memory.freeze_objects()
        await make_pushed_sources_due(service)
        await correct_due_times(service)
        await stack.enter_async_context(scheduled(service, settings=settings))
        stopped = _listen_to_signals(service, settings, reload)
        await warn_of_database(runtime)
        runtime.node.address = address
        log.info(
            "started",
            version=__version__,
            node=runtime.node.name,
            address=address,
            database=runtime.database.dialect,
            pid=os.getpid(),
        )
        notify("READY=1", f"STATUS=listening on {address}")
        if ready:
            ready(address)
        if runtime.node.takes_work:
            await _work_until(stopped, service, settings.stop_timeout)
        is_resumed = False
        if not stopped.is_set():
            is_resumed = await _stay_drained(stopped, service)
    return is_resumed


async def warn_of_database(runtime: Runtime) -> None:
    """Log what is wrong with the database for a daemon: others at work on it, settings that lose commits."""
    async with runtime.database.read() as connection:
        count = await count_daemons(connection)
        unsafe = await unsafe_settings(connection)
    if unsafe:
        log.warning("the database may lose commits", off=", ".join(unsafe), advice=LOSES_COMMITS)
    if count > 1 and runtime.settings.engine == "local":
        log.warning("other daemons use the database", daemons=count - 1, advice=SHARED_DATABASE)


def _placer(settings: Settings, runtime: Runtime) -> "Placer | None":
    # Imported here: without stories, the daemon has no numpy, which takes 11 MB.
    from ingestd.pipeline.stories.placer import make_placer  # noqa: PLC0415

    return make_placer(settings, runtime.database, run_id=runtime.run_id)


def _allowed_hosts(settings: Settings) -> frozenset[str]:
    public = urlsplit(settings.public_url).hostname if settings.public_url else None
    return frozenset({*settings.allowed_hosts, *([public] if public else [])})


async def _work_until(stopped: asyncio.Event, service: Service, budget: float) -> None:
    """Run the service until `stopped` is set or its node is drained; wait up to `budget` seconds for its work."""
    node = service.runtime.node
    work = asyncio.create_task(service.run())
    stop = asyncio.create_task(stopped.wait())
    drain = asyncio.create_task(node.wait_until_draining())
    try:
        await asyncio.wait([work, stop, drain], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            await work
        if stop.done():
            # Extends the unit's TimeoutStopSec when that is shorter than the budget (sd_notify(3)).
            notify("STOPPING=1", f"EXTEND_TIMEOUT_USEC={(budget + _CLOSE_TIME) * 1_000_000:.0f}")
        else:
            log.info("draining", node=node.name)
            service.stop()
        done, _ = await asyncio.wait([work], timeout=budget)
        if not done:
            log.warning(
                "stop timed out",
                at_work=service.engine.at_work().total,
            )
    finally:
        for task in (stop, drain, work):
            task.cancel()
        await asyncio.wait([work, stop, drain])
    if work.done() and not work.cancelled() and (error := work.exception()):
        raise error


async def _stay_drained(stopped: asyncio.Event, service: Service) -> bool:
    """Hand over what is left and wait, without work, for a signal or the node's return; returns whether it returned."""
    runtime, node = service.runtime, service.runtime.node
    service.stop()
    await runtime.retries.while_unavailable(lambda: node.mark_drained(runtime.database, runtime.run_id), limit=None)
    log.info("drained", node=node.name)
    notify(f"STATUS=node {node.name} is drained")
    stop = asyncio.create_task(stopped.wait())
    resume = asyncio.create_task(node.wait_until_resumed())
    try:
        await asyncio.wait([stop, resume], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (stop, resume):
            task.cancel()
        await asyncio.wait([stop, resume])
    return not stopped.is_set()


def _listen_to_signals(service: Service, settings: Settings, reload: Callable[[], Settings] | None) -> asyncio.Event:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop(number: signal.Signals) -> None:
        if stopped.is_set():
            log.warning("stopping immediately", signal=number.name)
            # Finished work is committed; the next start claims the rest again.
            os._exit(_SIGNAL_EXIT + number)
        log.info("stopping", signal=number.name)
        service.stop()
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    if reload:
        loop.add_signal_handler(signal.SIGHUP, ReloadHandler(service, settings, reload))
    return stopped


class ReloadHandler:
    """SIGHUP handler: reload the settings that can change at run time; after an error the old ones stay."""

    def __init__(self, service: Service, settings: Settings, reload: Callable[[], Settings]) -> None:
        self._service = service
        self._settings = settings
        self._reload = reload

    def __call__(self) -> None:
        """Read the settings again, apply them and log the changes."""
        # Units of Type=notify-reload match the reply to its SIGHUP by this time.
        notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            settings = self._reload()
        except ConfigError as error:
            log.error("reload failed", error=str(error))  # noqa: TRY400 - a mistake in the file, not a bug
        else:
            self._apply(settings)
        notify("READY=1")

    def _apply(self, settings: Settings) -> None:
        changed = [name for name in Settings.model_fields if getattr(settings, name) != getattr(self._settings, name)]
        self._service.runtime.ingest.timing = timing_of(settings)
        self._settings = self._settings.model_copy(update={name: getattr(settings, name) for name in RELOADABLE})
        log.info("reloaded", changed=[name for name in changed if name in RELOADABLE])
        if later := [name for name in changed if name not in RELOADABLE]:
            log.warning("restart needed", changed=later)
