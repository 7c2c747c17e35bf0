"""Connection pools for SQLite and PostgreSQL, and the transactions opened on them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import event, text
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from ingestd.errors import StoreUnavailable
from ingestd.store.checkpoints import Checkpoints
from ingestd.store.database_errors import store_errors
from ingestd.store.sqlite_engine import BUSY_TIMEOUT, sqlite_engine

if TYPE_CHECKING:  # it logs, and commands that only read must start fast
    from ingestd.store.outages import OutageLog

#: Connection parameters (libpq, 32.1.2) that detect a server that vanished; parameters in the URL win.  Without them
#: a connect waits two minutes, and an idle connection is probed only after two hours.
_LIBPQ_TIMEOUTS = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

#: Seconds after which the server ends the transaction of a process at work on which nothing happens: its machine was
#: stopped or cut off, and its locks would stop the others for as long.
IDLE_TRANSACTION = 15

#: Session parameters (PostgreSQL, 19.3.2) with which the server detects a machine that vanished, to end its locks.
_SERVER_TIMEOUTS = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}

#: Key of the calls to make after the commit, in the `info` of a connection.
_AFTER_COMMIT = "ingestd_after_commit"

#: Keys of the advisory locks; any numbers that no other application uses in this database.
_RECORDS_LOCK, _NUMBERS_LOCK = 0x1267E57D, 0x1267E57E

_TRY_LOCK, _UNLOCK = text("SELECT pg_try_advisory_lock(:key)"), text("SELECT pg_advisory_unlock(:key)")

#: KiB that a connection of SQLite caches.  A pass over a large table fills the cache of a reader, and reads of single
#: rows from a database of 1 GB take less time with 4 MiB than with 16: the system has the file in memory as well.
_READER_CACHE, _WRITER_CACHE = 4_000, 16_000

#: Seconds between two tries to get the lock of a session.
_LOCK_PAUSE = 0.2


class Database:
    """An SQLite file or a PostgreSQL database.

    Only one transaction at a time writes records, on PostgreSQL too (`lock_records`).  Events are therefore
    numbered consecutively, and two entries with the same text cannot both create a record.  The machines of a cluster
    save pages side by side (`share_records`) and number their events one after the other (`lock_numbers`).
    """

    def __init__(self, url: str, *, connections: int = 8, outages: "OutageLog | None" = None) -> None:
        """Create the pools; `url` names an async driver: `sqlite+aiosqlite:///PATH` or `postgresql+psycopg://...`.

        `outages` is for processes that go on while the database is unavailable.
        """
        self.url = url
        self.dialect = make_url(url).get_backend_name()
        if self.dialect == "sqlite":
            self._reader = sqlite_engine(url, begin="BEGIN", pool_size=connections, cache=_READER_CACHE)
            # SQLite allows one writer; writers that queue for one connection do not run into SQLITE_BUSY.
            self._writer = sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1, cache=_WRITER_CACHE)
        else:
            self._reader = self._writer = create_async_engine(
                url,
                pool_size=connections,
                max_overflow=2,
                pool_timeout=BUSY_TIMEOUT,
                pool_pre_ping=True,
                # An error that quotes a statement's parameters would bring texts and headlines into the log.
                hide_parameters=True,
                # Not the server's default: locks and "insert if absent" rely on seeing what others have committed.
                isolation_level="READ COMMITTED",
                connect_args={key: value for key, value in _LIBPQ_TIMEOUTS.items() if key not in make_url(url).query},
            )
            # A command may wait in the middle of an export for whoever reads it.
            idle_limit = IDLE_TRANSACTION if outages else 0
            event.listen(self._writer.sync_engine, "connect", partial(_pin_session, idle_limit=idle_limit))
            event.listen(self._writer.sync_engine, "handle_error", _drop_read_only_sessions)
        self._write_lock = asyncio.Lock()
        self._outages = outages
        self._checkpoints = (
            Checkpoints(sqlite_engine(url, begin="BEGIN", pool_size=1, cache=_READER_CACHE), self._write_lock)
            if self.dialect == "sqlite"
            else None
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._checkpoints:
            await self._checkpoints.close()
        await self._reader.dispose()
        await self._writer.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a read-only transaction, which sees one snapshot of the database.

        Raises StoreError, of the class that `database_errors` gives it.
        """
        with self._errors(writing=False):
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Open a read-only transaction whose statements all see the database as it was at the first one.

        It blocks no writer; while it is open, the space of rows deleted meanwhile is not reused.

        Raises StoreError, of the class that `database_errors` gives it.
        """
        with self._errors(writing=False):
            async with self._reader.connect() as connection:
                if self.dialect == "postgresql":
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that commits when the block ends and rolls back when it raises.

        Raises StoreError, of the class that `database_errors` gives it.
        """
        with self._errors(writing=True):
            # On SQLite, waiting for this lock is fair and cheaper than waiting for the file lock.
            lock = self._write_lock if self.dialect == "sqlite" else nullcontext()
            async with lock, self._writer.begin() as connection:
                connection.info.pop(_AFTER_COMMIT, None)
                yield connection
                calls = connection.info.pop(_AFTER_COMMIT, [])
        if self._checkpoints:
            self._checkpoints.note_commit()
        for call in calls:
            call()

    async def run_alone(self, statement: str) -> None:
        """Run a statement outside a transaction, such as VACUUM; raises StoreUnavailable or StoreError."""
        with self._errors(writing=True):
            async with self._writer.connect() as connection:
                if self.dialect == "postgresql":
                    await connection.execution_options(isolation_level="AUTOCOMMIT")
                    await connection.execute(text(statement))
                    return
                # SQLAlchemy would begin a transaction, so the driver runs it.
                driver: Any = (await connection.get_raw_connection()).driver_connection
                async with self._write_lock, driver.execute(statement):
                    pass

    @asynccontextmanager
    async def session_lock(self, key: int, *, wait: bool) -> AsyncIterator[bool]:
        """Hold an advisory lock of PostgreSQL without a transaction; yields whether it was to be had.

        If the server ends this connection, another process may get the lock while the block goes on, so the block's
        writes must not depend on it.

        Raises StoreUnavailable or StoreError.
        """
        with self._errors(writing=True):
            async with self._writer.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                is_clean = False
                try:
                    # A statement that waits for the lock would have a snapshot, which VACUUM would have to spare.
                    is_held = (await connection.execute(_TRY_LOCK, {"key": key})).scalar_one()
                    while wait and not is_held:
                        await asyncio.sleep(_LOCK_PAUSE)
                        is_held = (await connection.execute(_TRY_LOCK, {"key": key})).scalar_one()
                    yield is_held
                    if is_held:
                        await connection.execute(_UNLOCK, {"key": key})
                    is_clean = True
                finally:
                    if not is_clean:  # the lock ends with the connection; the pool must not lend it with the lock
                        await connection.invalidate()

    @contextmanager
    def _errors(self, *, writing: bool) -> Iterator[None]:
        """Convert the errors of a transaction, and log the outages that begin or end with it."""
        try:
            with store_errors():
                yield
        except StoreUnavailable as error:
            if self._outages:
                self._outages.failed(error, writing=writing)
            raise
        if self._outages:
            self._outages.succeeded(writing=writing)

    async def ping(self) -> None:
        """Run a trivial query; raises StoreUnavailable when the database does not answer."""
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))


def after_commit(connection: AsyncConnection, call: Callable[[], None]) -> None:
    """Call a function when the transaction of `Database.write` has committed, and not if it is rolled back."""
    connection.info.setdefault(_AFTER_COMMIT, []).append(call)


async def begin_now(connection: AsyncConnection) -> None:
    """Begin the transaction, which on SQLite waits for the lock of the file, and otherwise begins with a statement."""
    if connection.dialect.name == "sqlite":
        await connection.execute(text("SELECT 1"))


async def lock_records(connection: AsyncConnection) -> None:
    """Take the lock of transactions that write records; it is held until this transaction ends.

    On SQLite this does nothing: the first statement of a transaction locks the file.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _RECORDS_LOCK})


async def share_records(connection: AsyncConnection) -> None:
    """Take the lock of records beside other transactions that share it, on PostgreSQL; it is held until the end.

    It keeps `lock_records` out.  Those who share it rely on unique keys and on locks of rows.
    """
    await connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _RECORDS_LOCK})


async def lock_numbers(connection: AsyncConnection) -> None:
    """Take the lock of the event numbers, on PostgreSQL, after all others: the caller commits as soon as it can."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _NUMBERS_LOCK})


def _pin_session(connection: Any, _record: Any, *, idle_limit: int) -> None:
    """Set what the driver needs to read times, whatever a role or the server has for a default, and the limits."""
    with connection.cursor() as cursor:
        for name, seconds in _SERVER_TIMEOUTS.items():
            cursor.execute(f"SET {name} = {seconds}")
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{idle_limit}s'")
        cursor.execute("SET DateStyle = 'ISO'")
        cursor.execute("SET TimeZone = 'UTC'")
    connection.commit()


def _drop_read_only_sessions(context: ExceptionContext) -> None:
    """Have all connections replaced after a read-only one was met.

    A session that began while the database was read-only stays so when it is writable again, and one with a server
    that became a standby stays with that.
    """
    if getattr(context.original_exception, "sqlstate", None) == "25006":
        context.is_disconnect = True
