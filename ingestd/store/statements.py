"""Statements that the two databases spell differently."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

#: SQLite takes 32,766 values in one statement, PostgreSQL 65,535; lists are cut well below (values).
_CHUNK = 5_000


async def insert_absent(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows that are not there yet, by any unique key; one statement decides (ON CONFLICT DO NOTHING)."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    await connection.execute(insert(table).on_conflict_do_nothing(), list(rows))


async def insert_all(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; an empty list is no statement."""
    if rows:
        await connection.execute(table.insert(), list(rows))


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a list into pieces that fit into one statement's parameters."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
