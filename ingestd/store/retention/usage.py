"""How many rows and bytes each table has, what it gained in the last day, and which setting bounds it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

from sqlalchemy import Column, ColumnElement, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.records.raws import RawKind
from ingestd.store.schema.tables import (
    decisions,
    entries,
    events,
    failures,
    metadata,
    polls,
    raws,
    records,
    revisions,
)

#: The setting that bounds a table; the others grow with sources and sites.
BOUNDS = {
    "polls": "keep_polls",
    "decisions": "keep_polls",
    "failures": "keep_failures",
    "entries": "keep_entries",
    "records": "keep_records",
    "revisions": "keep_revisions, keep_records",
    "texts": "keep_records",
    "carriers": "keep_records",
    "events": "keep_events, keep_records",
    "raws": "keep_feed_documents, keep_pages",
    "gaps": "keep_records",
    "evidence": "withdrawn entries",
    "copies": "keep_records",
    "stories": "keep_records",
    "shingles": "story_window",
    "story_keys": "story_window",
    "story_samples": "story_window",
    "consumers": "consumers",
    "consumer_failures": "keep_failures, 10,000 that wait per consumer",
    "consumer_attempts": "keep_failures",
    "consumer_leases": "consumers",
    "tokens": "tokens",
}

#: When a row of a table was added.
_ADDED = {
    "polls": polls.c.at, "decisions": decisions.c.at, "failures": failures.c.at, "entries": entries.c.first_seen_at,
    "records": records.c.created_at, "revisions": revisions.c.seen_at, "events": events.c.at, "raws": raws.c.seen_at,
}  # fmt: skip


#: The numbers of tables without an index by time.
_NUMBERS = {"entries": entries.c.id, "records": records.c.id, "revisions": revisions.c.id, "events": events.c.seq}

#: Rows from which on an estimate is good enough.
_ESTIMATED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TableUsage:
    """The size of a table with its indexes."""

    table: str
    rows: int
    bytes: int
    #: Rows and, estimated, bytes that the last day added; None: the table does not say when.
    rows_a_day: int | None
    bytes_a_day: int | None
    bounded_by: str


async def table_usage(connection: AsyncConnection, *, now: datetime, is_exact: bool = True) -> list[TableUsage]:
    """Return the usage of all tables, the largest first.  It counts rows, which takes seconds a million.

    Otherwise PostgreSQL's own estimates count (`pg_class`, as of the last vacuum); SQLite has none.
    """
    estimates = {} if is_exact or connection.dialect.name != "postgresql" else await _estimates(connection)
    sizes = await (
        _postgresql_sizes(connection) if connection.dialect.name == "postgresql" else _sqlite_sizes(connection)
    )
    found = []
    for table in metadata.sorted_tables:
        rows = estimates.get(table.name, 0)
        if rows < _ESTIMATED:
            rows = int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
        size = sizes.get(table.name, 0)
        added = await _added(connection, table, now - timedelta(days=1))
        growth = None if added is None else round(added * size / rows) if rows else 0
        found.append(
            TableUsage(
                table=table.name, rows=rows, bytes=size, rows_a_day=added, bytes_a_day=growth,
                bounded_by=BOUNDS.get(table.name, "sources and sites"),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: -one.bytes)


async def _added(connection: AsyncConnection, table: Table, since: datetime) -> int | None:
    if table.name not in _ADDED:
        return None
    column = _ADDED[table.name]
    condition: ColumnElement[bool] = column >= since
    if (number := _NUMBERS.get(table.name)) is not None:
        condition = number >= await _first_since(connection, number, column, since)
    elif table is raws:
        condition &= raws.c.kind.in_(get_args(RawKind))  # the first column of the index
    query = select(func.count()).select_from(table).where(condition)
    return int((await connection.execute(query)).scalar_one())


async def _first_since(connection: AsyncConnection, number: Column[Any], column: Column[Any], since: datetime) -> int:
    """Return the number from which on rows were added since a time, by bisection: rows are numbered as they come."""
    low, high = (await connection.execute(select(func.min(number), func.max(number)))).one()
    low, high = low or 0, (high or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = (
            await connection.execute(select(number, column).where(number >= middle).order_by(number).limit(1))
        ).first()
        if row and (row[1] is None or row[1] < since):
            low = row[0] + 1
        else:
            high = middle
    return int(low)


async def _estimates(connection: AsyncConnection) -> dict[str, int]:
    query = (
        "SELECT relname AS name, reltuples::bigint AS rows FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {row.name: row.rows for row in await connection.execute(text(query))}


async def _sqlite_sizes(connection: AsyncConnection) -> dict[str, int]:
    """Return bytes by table; a full-text index counts to the table that it indexes."""
    schema = await connection.execute(text("SELECT name, tbl_name FROM sqlite_schema"))
    owner = {row.name: row.tbl_name for row in schema}
    sizes: dict[str, int] = {}
    for name, size in await connection.execute(text("SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE")):
        table = "revisions" if name.startswith(("revisions_search", "record_search")) else owner.get(name, name)
        sizes[table] = sizes.get(table, 0) + size
    return sizes


async def _postgresql_sizes(connection: AsyncConnection) -> dict[str, int]:
    query = (
        "SELECT relname AS name, pg_total_relation_size(oid) AS size FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    sizes = {row.name: row.size for row in await connection.execute(text(query))}
    for name in [name for name in sizes if name.startswith("record_search")]:
        sizes["revisions"] = sizes.get("revisions", 0) + sizes.pop(name)
    return sizes


async def free_bytes(connection: AsyncConnection) -> int:
    """Return the bytes of deleted rows that SQLite will use again; 0 on PostgreSQL, which counts them to the tables."""
    if connection.dialect.name == "postgresql":
        return 0
    pages = (await connection.execute(text("PRAGMA freelist_count"))).scalar_one()
    return int(pages * (await connection.execute(text("PRAGMA page_size"))).scalar_one())
