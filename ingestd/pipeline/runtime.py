"""What every process that polls or makes records is built of: the daemon, `poll`, a backfill."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from ingestd import __version__
from ingestd.archive import Archive
from ingestd.archive.directory import Directory
from ingestd.archive.off import Off
from ingestd.errors import ConfigError, StoreError
from ingestd.model.timing import Rules
from ingestd.pipeline.folder_opener import FolderOpener
from ingestd.pipeline.ingest import Ingest
from ingestd.pipeline.retry import until_committed
from ingestd.settings import Settings
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.operations import robots_files
from ingestd.store.polls import polls
from ingestd.store.polls.poll_result import Poll
from ingestd.store.records import saves
from ingestd.store.schema import migrate
from ingestd.store.work import runs
from ingestd.web.connection.dial import tls_of
from ingestd.web.fetcher import Fetcher, user_agent
from ingestd.web.politeness.pacing import Pacing
from ingestd.web.politeness.robots import Memory, RobotsFile
from ingestd.workers.pool import Pool

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The parts, open and fitted together."""

    run_id: str
    role: str
    database: Database
    archive: Archive
    pacing: Pacing
    fetcher: Fetcher
    pool: Pool
    ingest: Ingest
    #: Bytes of a document at the most.
    max_body: int
    #: Where bodies wait for room in memory, None for the system's place.
    folder: Path | None = None


@asynccontextmanager
async def open_database(settings: Settings, *, upgrade: bool | None = None) -> AsyncIterator[Database]:
    """Open the database, brought to this program's schema; `upgrade` False refuses an old one, None does not look.

    Raises SchemaMismatch, StoreUnavailable, ConfigError.
    """
    url = settings.async_database_url
    make_directories(settings)
    if upgrade:
        await migrate.upgrade(url)
    elif upgrade is False:
        await migrate.check(url)
    async with Database(url) as database:
        yield database


@asynccontextmanager
async def open_runtime(settings: Settings, *, role: str, upgrade: bool = True) -> AsyncIterator[Runtime]:
    """Open everything in order, and close it in reverse: what the run had claimed is given back.

    `role` is what `runs` calls this process: daemon, poll or backfill.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings, upgrade=upgrade))
        run_id = await stack.enter_async_context(_run(database, role))
        archive = archive_of(settings)
        pacing, fetcher = await stack.enter_async_context(open_fetcher(settings, database))
        pool = await stack.enter_async_context(open_pool(settings))
        poll_commits = await stack.enter_async_context(Batches[Poll](database, polls.save))
        save_commits = await stack.enter_async_context(Batches[saves.Outcome](database, saves.save))
        ingest = Ingest(
            run_id=run_id,
            database=database,
            fetcher=fetcher,
            pool=pool,
            archive=archive,
            poll_commits=poll_commits,
            save_commits=save_commits,
            folders=folder_opener(settings, fetcher),
            rules=rules_of(settings),
            max_body=settings.max_body,
        )
        yield Runtime(
            run_id=run_id,
            role=role,
            database=database,
            archive=archive,
            pacing=pacing,
            fetcher=fetcher,
            pool=pool,
            ingest=ingest,
            max_body=settings.max_body,
            folder=settings.state_dir,
        )


@asynccontextmanager
async def open_fetcher(settings: Settings, database: Database | None = None) -> AsyncIterator[tuple[Pacing, Fetcher]]:
    """Open the fetcher, and the turns that it takes at each site, shared with other processes of this host.

    What robots.txt files said is kept in the `database`, where there is one.
    """
    make_directories(settings)
    pacing = Pacing(
        concurrency=settings.host_concurrency, delay=settings.host_delay, shared=settings.state_dir / "turns.lock"
    )
    try:
        async with Fetcher(
            user_agent=user_agent(__version__, settings.contact),
            timeout=settings.fetch_timeout,
            max_body=settings.max_body,
            allow_networks=settings.allow_networks,
            nameservers=settings.nameservers,
            logins=settings.logins,
            tls=tls_of(settings.ca_file) if settings.ca_file else None,
            pacing=pacing,
            robots_memory=robots_memory(database) if database else None,
            folder=settings.state_dir,
        ) as fetcher:
            yield pacing, fetcher
    finally:
        pacing.close()


def folder_opener(settings: Settings, fetcher: Fetcher) -> FolderOpener:
    """Return what opens drop folders; those on other hosts are connected to as the fetcher does."""
    return FolderOpener(
        dial=fetcher.dial,
        logins=settings.logins,
        known_hosts=settings.known_hosts,
        ca_file=settings.ca_file,
        seconds=settings.fetch_timeout,
    )


def robots_memory(database: Database) -> Memory:
    """Return what keeps robots.txt files in a database."""

    async def recall(origin: str) -> RobotsFile | None:
        async def find() -> dict[str, Any] | None:
            async with database.read() as connection:
                return await robots_files.find(connection, origin)

        row = await until_committed(find)
        return RobotsFile(**row) if row else None

    async def keep(file: RobotsFile) -> None:
        async def save() -> None:
            async with database.write() as connection:
                await robots_files.keep(connection, **asdict(file))

        await until_committed(save)

    return Memory(recall=recall, keep=keep)


def archive_of(settings: Settings) -> Archive:
    """Return the archive of raw bytes."""
    return Directory(settings.archive) if isinstance(settings.archive, Path) else Off()


def open_pool(settings: Settings, *, processes: int | None = None) -> Pool:
    """Return the pool of worker processes, to be entered; so many as the settings say, unless told otherwise."""
    return Pool(
        processes=processes or settings.extractors, timeout=settings.extract_timeout, memory=settings.extract_memory
    )


def rules_of(settings: Settings) -> Rules:
    """Return what the settings say about time."""
    return Rules(
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
async def _run(database: Database, role: str) -> AsyncIterator[str]:
    """Enter this process as a run, and keep its claims alive until the end, which gives them back."""
    now = datetime.now(UTC)
    async with database.write() as connection:
        await runs.end_gone(connection, now=now)
        run_id = await runs.begin(connection, role=role, now=now)
    heart = asyncio.create_task(_beat(database, run_id, role), name="heart")
    try:
        yield run_id
    finally:
        heart.cancel()
        async with database.write() as connection:
            await runs.end(connection, run_id)


async def _beat(database: Database, run_id: str, role: str) -> None:
    while True:
        await asyncio.sleep(runs.HEARTBEAT)
        try:
            async with database.write() as connection:
                await runs.beat(connection, run_id, role=role, now=datetime.now(UTC))
        except StoreError as error:
            log.warning("heartbeat failed", error=str(error))


def make_directories(settings: Settings) -> None:
    """Make the directories that settings name; raises ConfigError."""
    file = sqlite_file(settings)
    for path in (settings.state_dir, *([file.parent] if file else [])):
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o750)
        except OSError as error:
            raise ConfigError(f"{path} cannot be made: {error.strerror}; set state_dir or database_url") from error


def sqlite_file(settings: Settings) -> Path | None:
    """Return the database's file, None where it is a server's."""
    _, _, path = settings.async_database_url.partition("sqlite+aiosqlite:///")
    return Path(path.partition("?")[0]) if path else None
