"""Open and close the components of a process that runs the pipeline: the daemon, `ingestd poll`, a backfill."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from ingestd import __version__
from ingestd.archive.off import DisabledArchive
from ingestd.archive.protocol import Archive
from ingestd.errors import StoreError
from ingestd.model.answer import Answer
from ingestd.model.timing import Timing
from ingestd.pipeline.archives import archive_at
from ingestd.pipeline.database import make_directories, open_database
from ingestd.pipeline.engine.row_turns import open_row_turns
from ingestd.pipeline.engine.shared_budgets import shared_budgets
from ingestd.pipeline.folder_opener import FolderOpener
from ingestd.pipeline.groups import Groups
from ingestd.pipeline.heartbeat import send_heartbeat
from ingestd.pipeline.ingest import Ingest
from ingestd.pipeline.node import Node, refuse_older
from ingestd.pipeline.retry import Retries
from ingestd.settings import MigrateOnStart, Settings
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.operations import robots_files
from ingestd.store.outages import OutageLog, log_failure
from ingestd.store.polls import polls
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.records.outcomes import CommitResult, EntryOutcome
from ingestd.store.records.save import save_outcomes, save_side_by_side
from ingestd.store.transfer import copy_state
from ingestd.store.work import runs
from ingestd.store.work.own_claims import OwnClaims
from ingestd.urls import public_suffixes
from ingestd.web.connection.dial import tls_context
from ingestd.web.fetcher import Fetcher, user_agent
from ingestd.web.politeness.pacing import Pacing
from ingestd.web.politeness.robots import RobotsFile, RobotsStore
from ingestd.web.politeness.shared_turns import SharedTurns
from ingestd.workers.pool import Pool

log = structlog.get_logger(__name__)

#: Extracted pages that are stored together at most, and seconds for which one waits for others: extractors deliver one
#: every 10 to 50 ms, and a record costs least when many are stored together.
GROUP, LONGEST_GROUP_WAIT = 16, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The open components of one run."""

    run_id: str
    role: str
    settings: Settings
    #: The node that a daemon is; for other processes, that of this host.
    node: Node
    observer: runs.RunObserver
    #: The claims on which this process works.
    claims: OwnClaims
    database: Database
    archive: Archive
    pacing: Pacing
    fetcher: Fetcher
    pool: Pool
    ingest: Ingest
    #: The operations of this run that wait for the database or the archive.
    retries: Retries
    #: Largest document, in bytes.
    max_body: int
    #: Directory for bodies that exceed the memory budget.  None: the system's temporary directory.
    spool_folder: Path | None = None

    async def send_heartbeat(self) -> None:
        """Send this run's heartbeat, and release claims on which nobody works."""
        await send_heartbeat(
            self.database, self.run_id, role=self.role, observer=self.observer, claims=self.claims, node=self.node
        )


@asynccontextmanager
async def open_runtime(
    settings: Settings, *, role: str, migrate: MigrateOnStart | None = None
) -> AsyncIterator[Runtime]:
    """Open all components in order; at the end close them in reverse and release the claims of the run.

    `role` is the name of this kind of process in the table `runs`: daemon, poll or backfill.  `migrate` is that of
    `open_database`.
    """
    # Loaded on first use, the list would block the event loop for 35 ms in the middle of polls and HTTP requests.
    public_suffixes()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings, migrate=migrate, outages=OutageLog()))
        await refuse_older(database)
        observer, claims, retries, node = runs.RunObserver(), OwnClaims(), Retries(), Node.of(settings)
        run_id = await stack.enter_async_context(registered_run(database, role, observer, claims, node))
        if role == "daemon":
            await stack.enter_async_context(node.announced(database, run_id, observer))
        archive = make_archive(settings)
        # Every process that asks sites, so that a one-off poll keeps the manners of the machines as well.
        shared = None
        if settings.engine == "procrastinate":
            shared = await stack.enter_async_context(open_row_turns(database, run_id))
        pacing, fetcher = await stack.enter_async_context(
            open_fetcher(settings, database, archive, retries, shared=shared)
        )
        if shared:
            await stack.enter_async_context(shared_budgets(database, pacing.groups))
        pool = await stack.enter_async_context(make_pool(settings))
        poll_commits = await stack.enter_async_context(Batches[Sequence[PollResult], bool](database, polls.save_lists))
        save = save_outcomes if settings.engine == "local" else save_side_by_side
        save_commits = await stack.enter_async_context(Batches[EntryOutcome, CommitResult](database, save))
        # The other half of the pages under way is fetched and extracted meanwhile.
        groups = Groups(size=min(GROUP, max(1, settings.max_pages // 2)), longest_wait=LONGEST_GROUP_WAIT)
        ingest = Ingest(
            run_id=run_id,
            claims=claims,
            retries=retries,
            database=database,
            fetcher=fetcher,
            pool=pool,
            archive=archive,
            poll_commits=poll_commits,
            save_commits=save_commits,
            folders=make_folder_opener(settings, fetcher),
            timing=timing_of(settings),
            max_body=settings.max_body,
            groups=groups,
        )
        yield Runtime(
            run_id=run_id,
            role=role,
            settings=settings,
            node=node,
            observer=observer,
            claims=claims,
            database=database,
            archive=archive,
            pacing=pacing,
            fetcher=fetcher,
            pool=pool,
            ingest=ingest,
            retries=retries,
            max_body=settings.max_body,
            spool_folder=settings.state_dir,
        )


@asynccontextmanager
async def open_fetcher(
    settings: Settings,
    database: Database | None = None,
    archive: Archive | None = None,
    retries: Retries | None = None,
    *,
    shared: SharedTurns | None = None,
) -> AsyncIterator[tuple[Pacing, Fetcher]]:
    """Open the fetcher and its pacing, which other processes on this host share, or all those of `shared`.

    With a `database`, robots.txt files are cached in it; with an `archive` as well, each version of them is kept there.
    """
    make_directories(settings)
    pacing = Pacing(
        concurrency=settings.host_concurrency,
        delay=settings.host_delay,
        # A process that waits for a site's row must not keep others from the lock that its owner needs.
        lock_file=None if shared else settings.state_dir / "turns.lock",
        shared=shared,
    )
    try:
        async with Fetcher(
            user_agent=user_agent(__version__, settings.contact),
            timeout=settings.fetch_timeout,
            max_body=settings.max_body,
            allow_networks=settings.allow_networks,
            nameservers=settings.nameservers,
            logins=settings.logins,
            tls=tls_context(settings.ca_file) if settings.ca_file else None,
            pacing=pacing,
            robots_store=make_robots_store(database, archive, retries or Retries()) if database else None,
            spool_folder=settings.state_dir,
        ) as fetcher:
            yield pacing, fetcher
    finally:
        pacing.close()


def make_folder_opener(settings: Settings, fetcher: Fetcher) -> FolderOpener:
    """Return the opener of drop folders, which connects to other hosts through the fetcher's guard."""
    return FolderOpener(
        dial=fetcher.dial,
        logins=settings.logins,
        known_hosts=settings.known_hosts,
        ca_file=settings.ca_file,
        seconds=settings.fetch_timeout,
    )


def make_robots_store(database: Database, archive: Archive | None, retries: Retries) -> RobotsStore:
    """Return the store that caches robots.txt files in a database and keeps their versions in an archive."""

    async def load(origin: str) -> RobotsFile | None:
        async def find() -> dict[str, Any] | None:
            async with database.read() as connection:
                return await robots_files.find(connection, origin)

        row = await retries.while_unavailable(find)
        return RobotsFile(**row) if row else None

    async def save(file: RobotsFile) -> None:
        async def insert() -> None:
            async with database.write() as connection:
                await robots_files.keep(connection, **asdict(file))

        await retries.while_unavailable(insert)

    async def keep(body: bytes, answer: Answer) -> None:
        if archive:
            await retries.while_unavailable(lambda: archive.put(body, "robots", answer))

    return RobotsStore(load=load, save=save, keep=keep)


def make_archive(settings: Settings) -> Archive:
    """Return the archive of raw bytes; raises NotInstalled."""
    return DisabledArchive() if settings.archive == "off" else archive_at(settings.archive, settings)


def make_pool(settings: Settings, *, processes: int | None = None) -> Pool:
    """Return the pool of worker processes, not started yet; `processes` overrides the setting `extractors`."""
    return Pool(
        processes=processes or settings.extractors, timeout=settings.extract_timeout, memory=settings.extract_memory
    )


def timing_of(settings: Settings) -> Timing:
    """Return the settings for intervals, delays and retries."""
    return Timing(
        interval=settings.interval,
        interval_floor=settings.interval_floor,
        attempts=settings.attempts,
        retry_delay=settings.retry_delay,
        settle=settings.settle,
        folder_interval=settings.folder_interval,
        revisit_first=settings.revisit_first,
        revisit_until=settings.revisit_until,
    )


@asynccontextmanager
async def registered_run(
    database: Database, role: str, observer: runs.RunObserver, claims: OwnClaims, node: Node | None = None
) -> AsyncIterator[str]:
    """Register this process as a run and send its heartbeats; at the end, end the run and release its claims."""
    now = datetime.now(UTC)
    async with database.write() as connection:
        await copy_state.begin_use(connection)
        await runs.expire_dead(connection, observer)
        run_id = await runs.start(connection, role=role, now=now)
    heartbeats = asyncio.create_task(
        _send_heartbeats(database, run_id, role, observer, claims, node), name="heartbeats"
    )
    try:
        yield run_id
    finally:
        heartbeats.cancel()
        async with database.write() as connection:
            await runs.end(connection, run_id)


async def _send_heartbeats(
    database: Database,
    run_id: str,
    role: str,
    observer: runs.RunObserver,
    claims: OwnClaims,
    node: Node | None,
) -> None:
    while True:
        await asyncio.sleep(runs.HEARTBEAT)
        try:
            await send_heartbeat(database, run_id, role=role, observer=observer, claims=claims, node=node)
        except StoreError as error:
            log_failure(log, "heartbeat failed", error)
