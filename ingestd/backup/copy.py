"""Copy a database into another one: from SQLite to PostgreSQL, back, or to another host."""

from collections.abc import Callable
from dataclasses import dataclass

from ingestd.backup.target import check_target, running_process
from ingestd.store.database import Database
from ingestd.store.operations import conversions
from ingestd.store.operations.conversions import Conversion
from ingestd.store.operations.search_upkeep import SearchUpkeep
from ingestd.store.schema import migrate, version
from ingestd.store.transfer import copy_state, database_copy
from ingestd.store.transfer.database_copy import TableCopy


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """A finished copy."""

    tables: tuple[TableCopy, ...]
    #: A process that was at work on the source: what it stores is not in the copy.  None: there was none.
    running: str | None


async def copy(
    source_url: str, target_url: str, *, on_table: Callable[[TableCopy], None] = lambda _: None
) -> CopyResult:
    """Copy the database at one URL into that at another, and compare them row by row.

    The target has to be empty, or hold an earlier copy that no daemon has used: then only the differences are written,
    so an interrupted copy is continued by the same call, and so is one that was made while the daemon ran.

    Raises UsageError if the target is in use or holds other data, SchemaMismatch, StoreError, StoreUnavailable.
    """
    await version.check(source_url)
    await check_target(target_url)
    await migrate.upgrade(target_url)
    async with Database(source_url) as source, Database(target_url) as target:
        running = await running_process(source)
        async with target.write() as connection:
            await copy_state.mark_unfinished(connection)
        tables = await database_copy.copy(source, target, on_progress=on_table)
        async with target.write() as connection:
            await copy_state.mark_finished(connection)
        await Conversion(target).run(conversions.AFTER_A_COPY)
        await SearchUpkeep(target).run()
    return CopyResult(tables=tuple(tables), running=running)
