"""A driver for SQLite that visits the thread of its connection once for each statement.

aiosqlite runs each call in that thread, and SQLAlchemy makes four of them for a statement (open a cursor, execute,
fetch the rows, close), three more for BEGIN, and one for a ROLLBACK after each commit.  A visit costs two switches
between threads and a turn of the event loop, more CPU than SQLite needs for most statements.

Rows are always fetched at once; there is no streaming (`AsyncConnection.stream`).
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import aiosqlite


class DriverConnection(aiosqlite.Connection):
    """A connection whose statements are each run, read and closed in one visit to its thread."""

    def __init__(self, path: str, **options: Any) -> None:
        super().__init__(partial(sqlite3.connect, path, **options), iter_chunk_size=64)
        # Where a connection is never closed, its thread must not keep the process from ending.
        self._thread.daemon = True
        #: Statement that begins a transaction, to be run before the next statement; None: none is to begin.
        self.begin_with: str | None = None
        self._stopped: asyncio.Future[Any] | None = None

    async def close(self) -> None:
        """End the statement that runs, and close."""
        self._interrupt()
        if self._stopped is None:
            await super().close()
        else:
            await self._stopped

    def stop(self) -> asyncio.Future[Any] | None:
        """End the statement that runs, and the thread; returns one future, however often it is called.

        SQLAlchemy closes the connection of a cancelled task, and stops it if the task is cancelled again meanwhile.  Of
        two stops no thread would answer the second, and whoever waits for it would wait for ever.
        """
        self._interrupt()
        if self._stopped is None:
            self._stopped = super().stop()
        return self._stopped

    def _interrupt(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.ProgrammingError):  # it is closed
                self._connection.interrupt()

    def cursor(self) -> "Statement":  # type: ignore[override]
        """Open a cursor; it costs nothing before it executes a statement."""
        return Statement(self)

    async def visit(self, sql: str, parameters: Any, *, is_many: bool) -> "_Done":
        """Run a statement in the connection's thread, after the one that begins the transaction."""
        done: _Done = await self._execute(self._run, sql, parameters, is_many)  # type: ignore[no-untyped-call]
        return done

    def _run(self, sql: str, parameters: Any, is_many: bool) -> "_Done":
        connection = self._conn
        if self.begin_with:
            connection.execute(self.begin_with).close()
            self.begin_with = None
        cursor = connection.cursor()
        try:
            (cursor.executemany if is_many else cursor.execute)(sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
            # Read last: RETURNING counts rows while they are fetched.
            return cursor.description, cursor.rowcount, cursor.lastrowid, rows
        finally:
            cursor.close()

    async def commit(self) -> None:
        """Commit; without a visit if no statement has begun the transaction."""
        if self.in_transaction:
            await super().commit()
        self.begin_with = None

    async def rollback(self) -> None:
        """Roll back; without a visit if there is no transaction, as after a commit.

        No statement runs meanwhile: SQLAlchemy closes the connection of a cancelled one.
        """
        if self.in_transaction:
            await super().rollback()
        self.begin_with = None


#: Description, row count, id of the last row that was inserted, rows.
_Done = tuple[Any, int, int | None, list[Any]]


class Statement:
    """What SQLAlchemy needs of a cursor of aiosqlite."""

    arraysize = 1

    def __init__(self, connection: DriverConnection) -> None:
        self._connection = connection
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: list[Any] = []

    async def __aenter__(self) -> "Statement":
        """Return the cursor itself."""
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        """Run a statement and fetch all its rows."""
        self.description, self.rowcount, self.lastrowid, self._rows = await self._connection.visit(
            sql, parameters, is_many=False
        )

    async def executemany(self, sql: str, parameters: Sequence[Any]) -> None:
        """Run a statement with each set of parameters."""
        self.description, self.rowcount, self.lastrowid, self._rows = await self._connection.visit(
            sql, parameters, is_many=True
        )

    async def fetchall(self) -> list[Any]:
        """Return the rows."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Do nothing: the statement was closed when its rows were fetched."""
