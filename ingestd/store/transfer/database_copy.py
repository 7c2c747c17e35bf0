"""Copy a database into another one, table by table, and compare every row afterwards."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreError, StoreUnavailable
from ingestd.store.database import Database
from ingestd.store.operations import conversions
from ingestd.store.schema import tables as schema
from ingestd.store.schema.tables import metadata, runs
from ingestd.store.transfer import table_copy


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCopy:
    """How far the copy of one table is."""

    table: str
    #: Rows of the source read so far, and of these the rows that had to be written.
    rows: int = 0
    written: int = 0
    #: Rows of the target that the source does not have, which were deleted.
    deleted: int = 0
    #: Whether all rows were compared after they were written.
    verified: bool = False


def tables() -> Iterator[Table]:
    """Yield the tables to copy, each after those that it refers to.

    `runs` and `nodes` hold processes, `chores` and `conversions` what is done in this database: they are not copied.
    """
    for table in metadata.sorted_tables:
        if table not in (runs, schema.nodes, schema.chores, schema.conversions):
            yield table


async def is_empty(database: Database) -> bool:
    """Return whether a database with this program's schema holds nothing that an operator or a daemon has put there."""
    async with database.read() as connection:
        for name in ("sources", "entries", "records", "consumers", "tokens"):
            if (await connection.execute(select(metadata.tables[name]).limit(1))).first():
                return False
    return True


async def count_rows(connection: AsyncConnection) -> dict[str, int]:
    """Return the number of rows of each table."""
    return {
        table.name: int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
        for table in tables()
    }


async def copy(source: Database, target: Database, *, on_progress: Callable[[TableCopy], None]) -> list[TableCopy]:
    """Make all tables of `target` equal to one snapshot of `source`, then compare them row by row.

    Both need this program's schema.  Rows that the target has already are only compared, so an interrupted copy is
    resumed by another call.  Nothing may write to the target meanwhile; the source may be in use.  Returns one result
    for each table, in the order of `tables`; `on_progress` is called after each batch.

    The full-text index of the target is empty afterwards: `operations.conversions` fills it.

    Raises StoreUnavailable, and StoreError if the target refuses a row or a row differs after the copy.
    """
    async with source.snapshot() as rows_of_source:
        done: dict[str, TableCopy] = {table.name: TableCopy(table=table.name) for table in tables()}
        async with target.write() as connection:
            await conversions.restart(connection)
        try:
            await _delete_surplus(rows_of_source, target, done)
        except StoreUnavailable:
            raise
        except StoreError:
            # A row that stays refers to one that goes, and would be changed only later: begin with an empty target.
            await clear(target)
        for table in tables():
            async for batch in table_copy.batches(rows_of_source, table):
                async with target.write() as connection:
                    found = await table_copy.difference(connection, table, batch)
                    await table_copy.apply(connection, table, found)
                now, written = done[table.name], len(found.missing) + len(found.changed)
                done[table.name] = replace(now, rows=now.rows + len(batch), written=now.written + written)
                on_progress(done[table.name])
            async with target.write() as connection:
                await table_copy.set_sequence(connection, table)
        for table in tables():
            async with target.snapshot() as rows_of_target:
                async for batch in table_copy.batches(rows_of_source, table):
                    found = await table_copy.difference(rows_of_target, table, batch)
                    if found.equal != len(batch):
                        raise StoreError(_mismatch(table, found))
                count = (await rows_of_target.execute(select(func.count()).select_from(table))).scalar_one()
            if count != done[table.name].rows:
                raise StoreError(
                    f"table {table.name} has {count} rows in the copy, {done[table.name].rows} in the source: "
                    "another process wrote to the copy; run the same command again"
                )
            done[table.name] = replace(done[table.name], verified=True)
    return [*done.values()]


async def _delete_surplus(rows_of_source: AsyncConnection, target: Database, done: dict[str, TableCopy]) -> None:
    for table in reversed([*tables()]):  # rows that refer to others go first
        async with target.snapshot() as rows_of_target:
            async for keys in table_copy.surplus(rows_of_source, rows_of_target, table):
                async with target.write() as connection:
                    await table_copy.remove(connection, table, keys)
                now = done[table.name]
                done[table.name] = replace(now, deleted=now.deleted + len(keys))


async def clear(database: Database) -> None:
    """Delete all rows, in one transaction."""
    async with database.write() as connection:
        if database.dialect == "postgresql":
            names = ", ".join(table.name for table in tables())
            await connection.execute(text(f"TRUNCATE {names} CASCADE"))
        else:
            for table in reversed([*tables()]):
                await connection.execute(table.delete())


def _mismatch(table: Table, found: table_copy.Difference) -> str:
    row = (*found.missing, *found.changed)[0]
    key = ", ".join(f"{column.name} {row[column.name]}" for column in table.primary_key)
    return f"table {table.name}: the row with {key} differs in the copy; run the same command again"
