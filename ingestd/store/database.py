"""The database as a thing with a lifetime: opened, read from, written to in transactions."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Self

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ingestd.errors import StoreError, StoreUnavailable

#: How long a writer waits for another process's transaction (seconds).
BUSY_TIMEOUT = 30.0

#: How libpq notices a server that is gone without a word (libpq, 32.1.2), unless the URL says otherwise: left to
#: itself it waits for two minutes to connect, and for two hours before it asks whether a silent peer is still there.
_PATIENCE = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

#: Any number will do, as long as nobody else takes it in this database.
_WRITER_LOCK = 0x1267E57D


class Database:
    """An SQLite file or a PostgreSQL database.

    Records are written by one transaction at a time, on PostgreSQL too (an advisory lock): the event log
    has no holes then, and two carriers of one text cannot both become its record.
    """

    def __init__(self, url: str, *, connections: int = 8) -> None:
        """Take a URL with an async driver: `sqlite+aiosqlite:///PATH` or `postgresql+psycopg://...`."""
        self.dialect = make_url(url).get_backend_name()
        if self.dialect == "sqlite":
            self._reader = _sqlite_engine(url, begin="BEGIN", pool_size=connections)
            # One writer: SQLite has no more than that, and waiting in order beats colliding.
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1)
        else:
            self._reader = self._writer = create_async_engine(
                url,
                pool_size=connections,
                max_overflow=2,
                pool_timeout=BUSY_TIMEOUT,
                pool_pre_ping=True,
                connect_args={key: value for key, value in _PATIENCE.items() if key not in make_url(url).query},
            )
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._reader.dispose()
        await self._writer.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that sees one state of the database and changes nothing.

        Raises StoreUnavailable, StoreError.
        """
        with store_errors():
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction; it commits when the block ends, and rolls back when it raises.

        Raises StoreUnavailable, StoreError.
        """
        with store_errors():
            # On SQLite waiting here, in order, is cheaper than waiting for the file.
            if self.dialect == "sqlite":
                async with self._turn, self._writer.begin() as connection:
                    yield connection
            else:
                async with self._writer.begin() as connection:
                    yield connection

    async def ping(self) -> None:
        """Ask the database for an answer; raises StoreUnavailable when it has none."""
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))


async def lock_records(connection: AsyncConnection) -> None:
    """Wait until no other transaction writes records, and keep others waiting until this one ends."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})


def _sqlite_engine(url: str, *, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=BUSY_TIMEOUT)

    def configure(connection: Any, _record: Any) -> None:
        # We say when a transaction begins; the driver's guess would begin it too late to be immediate.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {int(BUSY_TIMEOUT * 1000)}",
            "journal_mode = WAL",
            # Safe in WAL against a killed process; a power cut may lose the last commits, never the file.
            "synchronous = NORMAL",
            "foreign_keys = ON",
            "cache_size = -16000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine.sync_engine, "connect", configure)
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the driver's errors into ours, each with a message for the operator."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise StoreUnavailable(_say(error)) from error
    except DBAPIError as error:
        kind = StoreUnavailable if error.connection_invalidated else StoreError
        raise kind(_say(error)) from error
    except SQLAlchemyError as error:
        raise StoreError(_say(error)) from error


def _say(error: SQLAlchemyError) -> str:
    """Return the driver's own words on one line, without the statement and its values."""
    original = getattr(error, "orig", None)
    words = " ".join(str(original or error).split())
    if isinstance(error, PoolTimeout):
        words = f"no connection came free within {BUSY_TIMEOUT:.0f} s"
    return f"the database cannot be used: {words[:300]}"
