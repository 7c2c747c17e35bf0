"""Statements that a test executes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import Database


@contextmanager
def executed(connection: AsyncConnection) -> Iterator[list[tuple[str, Any]]]:
    """Yield the list of statements that a connection executes in the block, with their parameters."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement != "BEGIN":  # which the driver of PostgreSQL sends by itself
            found.append((statement, parameters))

    assert connection.sync_connection
    event.listen(connection.sync_connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection.sync_connection, "before_cursor_execute", note)


@contextmanager
def reached(database: Database, start: str) -> Iterator[asyncio.Event]:
    """Yield an event that is set before `database.write` executes a statement that starts like this."""
    found, engine = asyncio.Event(), database._writer.sync_engine

    def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(start):
            found.set()

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
