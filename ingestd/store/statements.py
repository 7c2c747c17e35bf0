"""Inserts that work on both databases, and lists cut to the limits of a statement."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

#: Values in one piece of a list.  SQLite allows 32,766 parameters in a statement, PostgreSQL 65,535.
_CHUNK = 5_000


async def insert_absent(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, skipping those that violate a unique key (ON CONFLICT DO NOTHING)."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    await connection.execute(insert(table).on_conflict_do_nothing(), list(rows))


async def insert_or_update(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; a row whose primary key exists gets the new values instead."""
    if not rows:
        return
    insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
    values = {name: insert.excluded[name] for name in rows[0] if name not in table.primary_key.columns}
    statement = insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values)
    await connection.execute(statement, list(rows))


async def insert_all(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; does nothing for an empty list."""
    if rows:
        await connection.execute(table.insert(), list(rows))


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a list into pieces that fit into one statement's parameters; yields nothing for an empty list."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
