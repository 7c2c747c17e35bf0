"""Whether a database is a copy, and may still be overwritten by another run of the copy."""

from typing import Literal
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import SchemaMismatch, StoreError
from ingestd.store.database import Database
from ingestd.store.schema.tables import backfills, entries, installation, runs, sources
from ingestd.store.schema.version import DATA_VERSION

#: "unfinished": some rows may be missing.  "finished": complete, and not used by a daemon yet.  None: no copy.
CopyState = Literal["unfinished", "finished"]


async def read(connection: AsyncConnection) -> CopyState | None:
    """Return the state of a database as a copy."""
    state: CopyState | None = (await connection.execute(select(installation.c.copy_state))).scalar()
    return state


async def mark_unfinished(connection: AsyncConnection) -> None:
    """Mark a database as an unfinished copy, which no daemon uses; runs and their claims are removed."""
    for table in (sources, entries, backfills):
        await connection.execute(update(table).where(table.c.run_id.is_not(None)).values(run_id=None))
    await connection.execute(runs.delete())
    await connection.execute(update(installation).values(copy_state="unfinished"))


async def mark_finished(connection: AsyncConnection) -> None:
    """Mark a copy as complete."""
    await connection.execute(update(installation).values(copy_state="finished"))


async def begin_new_epoch(connection: AsyncConnection) -> None:
    """Begin a new epoch of the event log: its numbers may be given to other events than before."""
    await connection.execute(update(installation).values(epoch=str(uuid4())))


async def refuse_unfinished(database: Database) -> None:
    """Raise StoreError if a database is an unfinished copy, SchemaMismatch if its data is newer; StoreUnavailable."""
    async with database.read() as connection:
        state = await read(connection)
        found = (await connection.execute(select(installation.c.data_version))).scalar() or 0
    if found > DATA_VERSION:
        raise SchemaMismatch(
            f"the database has data of version {found}, this program reads up to {DATA_VERSION}: run the newer ingestd"
        )
    if state == "unfinished":
        raise StoreError(
            "the database is an unfinished copy: run the same `ingestd db restore` or `ingestd db copy` again"
        )


async def begin_use(connection: AsyncConnection) -> None:
    """Turn a finished copy into an installation of its own, which no copy may overwrite any more."""
    used = update(installation).where(installation.c.copy_state == "finished")
    await connection.execute(used.values(copy_state=None))
