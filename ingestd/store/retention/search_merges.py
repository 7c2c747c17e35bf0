"""Merge the parts of SQLite's full-text index, so that what was deleted does not stay in it.

FTS5 keeps a removed row until the part that has it is merged with the one that has its removal, which it does by itself
only when enough parts of one size have come together.  So each removed row pays for the merge of some pages: the whole
index is merged by the time that about a third of its rows is replaced.  On PostgreSQL autovacuum does that.
"""

from collections.abc import Callable
from time import monotonic

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import Database, begin_now
from ingestd.store.retention.batches import AIM, MAX_HELD, Deleted, rest

#: Pages to merge for each removed row, of about 4 kB.  The terms of a text take about 1.5 kB.
_PAGES_A_ROW = 2

#: Pages of the first step, and of the largest.
_FIRST, _MOST = 16, 256


async def merge(database: Database, *, removed: int, stopping: Callable[[], bool] = lambda: False) -> Deleted:
    """Merge some pages for each of the rows that were removed, in short transactions; the rows returned are 0."""
    done = Deleted(table="search index")
    left, size = removed * _PAGES_A_ROW, _FIRST
    while database.dialect == "sqlite" and left > 0 and not stopping():
        async with database.write() as connection:
            await begin_now(connection)
            started = monotonic()
            # First what an earlier step began; where nothing is left of it, all parts anew.
            is_merged = await _step(connection, size) or await _step(connection, -size)
        held = monotonic() - started
        done.batches += 1
        done.longest, done.slow = max(done.longest, held), done.slow + (held > MAX_HELD)
        if not is_merged:
            break
        left -= size
        size = max(1, size // 2) if held > AIM else min(_MOST, size + max(1, size // 4))
        await rest(held)
    return done


async def _step(connection: AsyncConnection, pages: int) -> bool:
    """Merge about some pages (negative: begin a merge of all parts); return whether there was anything to merge."""
    changes = text("SELECT total_changes()")
    before = (await connection.execute(changes)).scalar_one()
    await connection.execute(_MERGE, {"pages": pages})
    # "If the difference is less than 2, then the merge command was a no-op" (SQLite, FTS5, 6.8).
    return bool((await connection.execute(changes)).scalar_one() - before >= 2)


_MERGE = text("INSERT INTO record_search (record_search, rank) VALUES ('merge', :pages)")
