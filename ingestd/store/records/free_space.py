"""Overwrite what the files of a database still have of deleted rows."""

import asyncio
from time import monotonic

from sqlalchemy import text

from ingestd.store.database import Database
from ingestd.store.records import free_pages, search_index, search_parts
from ingestd.store.schema.tables import decisions, entries, evidence, failures, revisions, sources

#: Seconds for which it waits for the transactions of others.
_MAX_SNAPSHOT_WAIT = 30.0


async def erase_free_space(database: Database, *, rewrite: bool) -> bool:
    """Overwrite what the database files still have of deleted rows; raises StoreUnavailable, StoreError.

    `rewrite`: write the tables anew, which needs as much free space as they take, and locks them meanwhile.  Returns
    False if a transaction that began before the deletion, such as autovacuum's, may have kept rows in the files.
    """
    if database.dialect == "postgresql":
        is_alone = await _wait_for_snapshots(database)
        tables = (revisions, entries, decisions, failures, evidence, sources)
        for name in (*(table.name for table in tables), *search_parts.TABLES):
            await database.run_alone(f"VACUUM FULL {name}" if rewrite else f"VACUUM {name}")
        return is_alone
    await search_index.erase_deleted(database)
    await (database.run_alone("VACUUM") if rewrite else free_pages.overwrite(database))
    await database.run_alone("PRAGMA wal_checkpoint(TRUNCATE)")
    return True


async def _wait_for_snapshots(database: Database) -> bool:
    """Wait at most _MAX_SNAPSHOT_WAIT for the transactions that began before now; return whether they ended.

    PostgreSQL keeps a deleted row as long as a snapshot in its database may see it, and a snapshot reaches back to the
    oldest writer in any database of the server.
    """
    query = text(
        "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= CAST(:now AS xid8) AND NOT EXISTS (SELECT FROM"
        " pg_stat_activity WHERE datname = current_database() AND age(backend_xmin) > age(CAST(:now AS xid8)::xid))"
    )
    async with database.read() as connection:
        now = (await connection.execute(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))).scalar_one()
    until = monotonic() + _MAX_SNAPSHOT_WAIT
    while monotonic() < until:
        async with database.read() as connection:
            if (await connection.execute(query, {"now": now})).scalar_one():
                return True
        await asyncio.sleep(0.1)
    return False
