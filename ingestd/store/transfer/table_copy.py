"""Make the rows of one table equal to those of the same table in another database.

Rows are compared before they are written.  A copy that was interrupted is therefore resumed by running it again, and a
second run of a finished copy is its verification.  Values are compared as Python values, since the two databases encode
times and JSON differently.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, Table, and_, bindparam, delete, func, insert, select, text, tuple_, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreError
from ingestd.store.unreadable import UnreadableJson

#: Rows in one transaction of the target.  A revision has up to some hundred kilobytes.
BATCH = 500

#: Key of a row: the values of the primary key's columns.
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What has to change in the target for one batch of rows of the source."""

    missing: tuple[Mapping[str, Any], ...]
    changed: tuple[Mapping[str, Any], ...]
    #: Rows that are equal already.
    equal: int


async def batches(connection: AsyncConnection, table: Table) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """Yield the rows of a table in the order of its primary key; a claim (`run_id`) is read as null."""
    key = list(table.primary_key)
    columns = [column for column in table.columns if _is_copied(column)]
    query = select(*columns).order_by(*key).limit(BATCH)
    last: Key | None = None
    while True:
        page = query if last is None else query.where(_after(key, last))
        rows = [dict(row) for row in (await connection.execute(page)).mappings()]
        _refuse_unreadable(table, rows)
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        last = tuple(rows[-1][column.name] for column in key)


def _refuse_unreadable(table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    names = [column.name for column in table.columns if isinstance(column.type, JSON) and _is_copied(column)]
    for row in rows:
        if wrong := next((name for name in names if isinstance(row[name], UnreadableJson)), None):
            key = ", ".join(f"{column.name} {row[column.name]}" for column in table.primary_key)
            raise StoreError(
                f"cannot copy the row of table {table.name} with {key}: {wrong} is {row[wrong]!r}; correct it"
            )


def _is_copied(column: Column[Any]) -> bool:
    # Claims belong to runs, which are not copied; the state as a copy is that of the target.
    return column.name not in ("run_id", "copy_state")


def _after(key: Sequence[Column[Any]], last: Key) -> Any:
    return key[0] > last[0] if len(key) == 1 else tuple_(*key) > last


async def difference(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> Difference:
    """Compare rows of the source with those of the target."""
    key = [column.name for column in table.primary_key]
    columns = [column for column in table.columns if _is_copied(column)]
    keys = [tuple(row[name] for name in key) for row in rows]
    found = {
        tuple(row[name] for name in key): dict(row)
        for row in (await connection.execute(select(*columns).where(_among(table, keys)))).mappings()
    }
    missing, changed = [], []
    for row, name in zip(rows, keys, strict=True):
        if name not in found:
            missing.append(row)
        elif found[name] != row:
            changed.append(row)
    return Difference(missing=tuple(missing), changed=tuple(changed), equal=len(rows) - len(missing) - len(changed))


async def apply(connection: AsyncConnection, table: Table, found: Difference) -> None:
    """Write the missing and the changed rows; raises StoreError that names the table."""
    try:
        if found.missing:
            await connection.execute(insert(table), list(found.missing))
        if found.changed:
            await connection.execute(*_update(table, found.changed))
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        # A value that the other database accepts, or a row of the target that holds the same unique value.
        raise StoreError(
            f"cannot copy rows into table {table.name}: {' '.join(str(error.orig).split())[:300]}"
        ) from error


def _update(table: Table, rows: Sequence[Mapping[str, Any]]) -> Any:
    key = [column.name for column in table.primary_key]
    names = [name for name in rows[0] if name not in key]
    where = and_(*(table.c[name] == bindparam(f"key_{name}") for name in key))
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    statement = update(table).where(where).values(values)
    return statement, [
        {f"key_{name}": row[name] for name in key} | {f"new_{name}": row[name] for name in names} for row in rows
    ]


async def surplus(source: AsyncConnection, target: AsyncConnection, table: Table) -> AsyncIterator[list[Key]]:
    """Yield the keys of the target's rows that the source does not have, in batches."""
    key = list(table.primary_key)
    query = select(*key).order_by(*key).limit(BATCH)
    last: Key | None = None
    while True:
        page = query if last is None else query.where(_after(key, last))
        keys = [tuple(row) for row in await target.execute(page)]
        if not keys:
            return
        kept = {tuple(row) for row in await source.execute(select(*key).where(_among(table, keys)))}
        if extra := [name for name in keys if name not in kept]:
            yield extra
        if len(keys) < BATCH:
            return
        last = keys[-1]


async def remove(connection: AsyncConnection, table: Table, keys: Sequence[Key]) -> None:
    """Delete rows by key."""
    await connection.execute(delete(table).where(_among(table, keys)))


def _among(table: Table, keys: Sequence[Key]) -> Any:
    key = list(table.primary_key)
    return key[0].in_([name[0] for name in keys]) if len(key) == 1 else tuple_(*key).in_(keys)


async def set_sequence(connection: AsyncConnection, table: Table) -> None:
    """On PostgreSQL, continue the numbers of a table after its largest one; SQLite does so by itself."""
    if connection.dialect.name != "postgresql" or table.autoincrement_column is None:
        return
    column = table.autoincrement_column
    sequence = (
        await connection.execute(
            text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
        )
    ).scalar()
    if sequence:
        largest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
        await connection.execute(select(func.setval(sequence, largest, False)))
