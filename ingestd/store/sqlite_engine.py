"""Connection pools of SQLite."""

import sqlite3
from typing import Any
from weakref import WeakSet

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ingestd.store.checkpoints import AUTOMATIC_AFTER
from ingestd.store.sqlite_driver import DriverConnection
from ingestd.store.unreadable import parse_json

#: How long a writer waits for another process's transaction, in seconds.
BUSY_TIMEOUT = 30.0


class Connection(sqlite3.Connection):
    """A connection that ends its transaction when it is closed.

    SQLite keeps a closed connection, its transaction and its locks until the last statement is finalised (C interface,
    sqlite3_close_v2).  SQLAlchemy closes the connection of a cancelled task, whose traceback holds the cursor: nobody
    could write until the garbage collector found it.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *args: Any, **options: Any) -> Any:
        """Open a cursor that `close` closes, too."""
        cursor = super().cursor(*args, **options)
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Finalise the statements of all cursors, then close."""
        for cursor in list(self._cursors):
            cursor.close()
        super().close()


def sqlite_engine(url: str, *, begin: str, pool_size: int, cache: int) -> AsyncEngine:
    """Create a pool whose transactions begin with the statement `begin`; each connection caches `cache` KiB."""
    [path], options = make_url(url).get_dialect()().create_connect_args(make_url(url))
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        # The connection used last has in its cache what was read last; otherwise all connections would read it.
        pool_use_lifo=True,
        pool_timeout=BUSY_TIMEOUT,
        hide_parameters=True,
        json_deserializer=parse_json,
        async_creator=lambda: DriverConnection(path, **options, factory=Connection),
    )

    def configure(connection: Any, _record: Any) -> None:
        # The driver would begin transactions by itself, too late and not IMMEDIATE; the "begin" listener does it.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {int(BUSY_TIMEOUT * 1000)}",
            "journal_mode = WAL",
            # With NORMAL a power cut takes back the last commits: a push that was acknowledged, an event that was read.
            "synchronous = FULL",
            "foreign_keys = ON",
            # Deleted content is overwritten where its page is written anyway: a purge would not find it there later.
            "secure_delete = FAST",
            f"cache_size = {-cache}",
            f"wal_autocheckpoint = {AUTOMATIC_AFTER}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine.sync_engine, "connect", configure)

    def begin_with_next_statement(connection: Any) -> None:
        connection.connection.driver_connection.begin_with = begin

    event.listen(engine.sync_engine, "begin", begin_with_next_statement)
    return engine
