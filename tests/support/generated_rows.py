"""Rows of every table, made from the types of its columns, for tests that must hold for all tables."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, String, Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.columns import Instant
from ingestd.store.schema.tables import metadata

_WORDS = ("Fähre", "ferry", "o'clock", "新聞", "Ångström", "a\nb", "🚢", 'say "yes"', "\\", "%")


async def fill(connection: AsyncConnection, *, rows: int, seed: int = 1) -> None:
    """Replace the rows of every table by generated ones, whose foreign keys name rows that exist."""
    for table in reversed(metadata.sorted_tables):
        await connection.execute(table.delete())
    chance = random.Random(seed)
    made: dict[str, list[dict[str, Any]]] = {}
    for table in metadata.sorted_tables:
        made[table.name] = [_row(table, number, made, chance) for number in range(1, rows + 1)]
        await connection.execute(insert(table), made[table.name])


def _row(table: Table, number: int, made: dict[str, list[dict[str, Any]]], chance: random.Random) -> dict[str, Any]:
    return {column.name: _value(column, number, made, chance) for column in table.columns}


def _value(column: Column[Any], number: int, made: dict[str, list[dict[str, Any]]], chance: random.Random) -> Any:
    for key in column.foreign_keys:
        # Each row names another one, so that unique keys over foreign keys hold.
        return made[key.column.table.name][number - 1][key.column.name]
    unique = column.primary_key or column.unique or any(column.name in index.columns for index in column.table.indexes)
    if column.nullable and not unique and chance.random() < 0.3:
        return None
    return _of_type(column, number, chance)


def _of_type(column: Column[Any], number: int, chance: random.Random) -> Any:
    match column.type:
        case Instant():
            value: Any = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(number, microseconds=chance.randrange(10**6))
        case Boolean():
            value = chance.random() < 0.5
        case Float():
            value = chance.random() * 10**6
        case LargeBinary():
            value = chance.randbytes(32)
        case String(length=length):
            value = f"{number} {chance.choice(_WORDS)} {chance.getrandbits(64):x}"[:length]
        case Integer():
            value = number
        case _:  # JSON
            value = {"b": [1, 2.5, None, chance.choice(_WORDS)], "a": {"nested": True}}
    return value
