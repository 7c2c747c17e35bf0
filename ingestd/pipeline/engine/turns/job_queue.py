"""The queue of Procrastinate (PostgreSQL): jobs are turns at sites, one of a site at a time in the whole cluster."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, JobDeferrer, Status
from procrastinate.manager import JobManager
from procrastinate.worker import Worker
from sqlalchemy import text
from sqlalchemy.engine import make_url

from ingestd.store.database import Database

log = structlog.get_logger(__name__)

#: Seconds between heartbeats of a worker, and without one until its jobs are handed to others.
HEARTBEAT, DEAD_AFTER = 5.0, 30.0

#: Key of the advisory lock under which the tables are created.
_INSTALL = 0x1267E580

QUEUE, TASK = "turns", "site_turn"

#: Begins the names of queues from which one node takes turns: at sites of its own sources, or whose logins it has.
NODE_QUEUE = f"{QUEUE}@"


#: Seconds between two looks for turns without a notification, as for one that was queued before this process listened.
_LOOK = 1.0

#: Seconds in which the ends of turns that are given up are stored.
_LAST_WORDS = 5.0


class QueueError(Exception):
    """The queue is not available; the message is that of its driver."""


class _Jobs(JobManager):
    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Store the end of a job; if it was freed meanwhile, as lost, there is nothing to store."""
        try:
            await super().finish_job(job, status, delete_job)
        except ConnectorException as error:
            # Otherwise nobody would catch it.  A job that stays "doing" is freed by `free_lost`.
            log.info("end of a turn not stored", site=job.lock, error=f"{error.__cause__ or error}".partition("\n")[0])


class JobQueue:
    """Jobs of one process: `take` is called with the site of each.  A context manager, which connects."""

    def __init__(
        self, database: Database, take: Callable[[str], Awaitable[None]], *, node: str, concurrency: int
    ) -> None:
        self._database = database
        self._own_queue = NODE_QUEUE + node
        self._app = App(connector=PsycopgConnector(conninfo=_conninfo(database.url), min_size=1, max_size=4))
        self._app.job_manager = _Jobs(self._app.connector)
        self._concurrency = concurrency
        self._worker: Worker | None = None
        #: Sites whose turns are under way here, and the jobs that were found to be nobody's at the last look.
        self._sites: set[str] = set()
        self._suspects: set[int] = set()
        self._turns: set[asyncio.Task[Any]] = set()
        # It logs each job, twice.
        logging.getLogger("procrastinate").setLevel(logging.WARNING)

        @self._app.task(name=TASK, queue=QUEUE)
        async def site_turn(site: str) -> None:
            turn = asyncio.current_task()
            assert turn is not None
            self._sites.add(site)
            self._turns.add(turn)
            try:
                await take(site)
            except Exception:
                log.exception("bug", site=site)
            finally:
                self._sites.discard(site)
                self._turns.discard(turn)

        self._task = site_turn

    async def __aenter__(self) -> Self:
        """Connect, and create the tables of the queue if they are missing."""
        with _as_queue_error():
            await self._app.open_async()
            async with self._database.session_lock(_INSTALL, wait=True):
                async with self._database.read() as connection:
                    found = (await connection.execute(text("SELECT to_regclass('procrastinate_jobs')"))).scalar_one()
                if found is None:
                    await self._app.schema_manager.apply_schema_async()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._app.close_async()

    async def defer(self, sites: Mapping[str, bool]) -> None:
        """Queue a turn at each site; a site whose turn another process has just queued is passed over.

        The value says whether the turn is for this node alone.
        """
        if not sites:
            return
        with _as_queue_error():
            try:
                jobs = [self._deferrer(site, is_own=is_own).make_new_job(site=site) for site, is_own in sites.items()]
                await self._app.job_manager.batch_defer_jobs_async(jobs)
            except AlreadyEnqueued:
                for site, is_own in sites.items():
                    try:
                        await self._deferrer(site, is_own=is_own).defer_async(site=site)
                    except AlreadyEnqueued:
                        continue

    def _deferrer(self, site: str, *, is_own: bool) -> JobDeferrer:
        return self._task.configure(lock=site, queueing_lock=site, queue=self._own_queue if is_own else QUEUE)

    async def free_lost(self) -> int:
        """End the jobs of dead workers, and those of this one whose end could not be stored; returns how many.

        Their sites are due still, so that they are queued again.
        """
        manager, count = self._app.job_manager, 0
        with _as_queue_error():
            lost = [*await manager.get_stalled_jobs(task_name=TASK, seconds_since_heartbeat=DEAD_AFTER)]
            if self._worker and self._worker.worker_id:
                own = await manager.list_jobs_async(status="doing", task=TASK, worker_id=self._worker.worker_id)
                unknown = [job for job in own if job.lock not in self._sites]
                # A job that has just begun or ended is seen once.
                lost += [job for job in unknown if job.id in self._suspects]
                self._suspects = {job.id for job in unknown if job.id is not None}
        for number in [job.id for job in lost if job.id is not None]:
            try:
                await manager.finish_job_by_id_async(job_id=number, status=Status.FAILED, delete_job=True)
                count += 1
            except ConnectorException:
                continue  # another process was first
        return count

    async def work(self, *, wait: bool) -> None:
        """Take turns until `stop`, or with `wait` False until none is queued; raises QueueError."""
        self._worker = Worker(
            self._app,
            queues=[QUEUE, self._own_queue],
            name=None,
            concurrency=self._concurrency,
            wait=wait,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=DEAD_AFTER,
            listen_notify=wait,
            fetch_job_polling_interval=_LOOK,
        )
        working = asyncio.create_task(self._worker.run(), name="worker of turns")  # type: ignore[no-untyped-call]
        try:
            with _as_queue_error():
                await asyncio.shield(working)
        except asyncio.CancelledError:
            # By itself the worker waits for its turns, however long they take.
            self.stop()
            for turn in self._turns:
                turn.cancel()
            await asyncio.wait([working], timeout=_LAST_WORDS)
            working.cancel()
            raise
        finally:
            self._worker = None

    def stop(self) -> None:
        """Take no more turns; `work` returns when those under way have ended."""
        if self._worker:
            self._worker.stop()  # type: ignore[no-untyped-call]


@contextmanager
def _as_queue_error() -> Iterator[None]:
    try:
        yield
    except ConnectorException as error:
        raise QueueError(str(error.__cause__ or error)) from error


def _conninfo(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
