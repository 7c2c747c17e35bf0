"""Overwrite the free pages of an SQLite file, which still have what deleted rows had."""

from sqlalchemy import text

from ingestd.store.database import Database

#: Bytes overwritten in one transaction.
_BATCH = 16 * 2**20

#: A table that takes up the free pages for a moment.
_TABLE = "overwritten"


async def overwrite(database: Database) -> int:
    """Overwrite the free pages with zeros, in short transactions; return their bytes.

    Zeros that fill all free pages are stored and deleted again.  The file grows by some pages at most.

    Raises StoreUnavailable, StoreError.
    """
    written = 0
    async with database.write() as connection:
        await connection.execute(text(f"DROP TABLE IF EXISTS {_TABLE}"))
        await connection.execute(text(f"CREATE TABLE {_TABLE} (zeros BLOB)"))
        page = int((await connection.execute(text("PRAGMA page_size"))).scalar_one())
    while True:
        async with database.write() as connection:
            free = int((await connection.execute(text("PRAGMA freelist_count"))).scalar_one())
            if not free:
                break
            # An overflow page has four bytes of its own.
            size = min(_BATCH, free * (page - 4))
            await connection.execute(text(f"INSERT INTO {_TABLE} VALUES (zeroblob(:size))"), {"size": size})  # noqa: S608
            written += size
    async with database.write() as connection:
        await connection.execute(text("PRAGMA secure_delete = FAST"))
        await connection.execute(text(f"DROP TABLE {_TABLE}"))
    return written
