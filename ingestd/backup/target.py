"""Check that a database may be overwritten by a copy."""

import asyncio
from datetime import datetime

from sqlalchemy import select

from ingestd.errors import UsageError
from ingestd.store.database import Database
from ingestd.store.schema import version
from ingestd.store.schema.tables import runs
from ingestd.store.transfer import copy_state, database_copy
from ingestd.store.work.runs import HEARTBEAT

#: Seconds in which a process at work has sent a heartbeat.
_OBSERVATION = 2 * HEARTBEAT


async def check_target(url: str, *, replace: bool | None = None) -> None:
    """Raise UsageError if the database at `url` is in use, or holds data that a copy would overwrite.

    Data of an unfinished copy, and of a finished one that no daemon has used yet, may be overwritten; with `replace`,
    all data may.  None: the caller cannot replace any.
    """
    if await version.current(url) is None:
        return
    async with Database(url) as database:
        if running := await running_process(database):
            raise UsageError(f"the database is in use by {running}: stop it first")
        if replace:
            return
        await version.check(url)
        async with database.read() as connection:
            state = await copy_state.read(connection)
        if state is None and not await database_copy.is_empty(database):
            raise UsageError("the database is not empty; name an empty one, or replace everything in it with --replace")


async def running_process(database: Database) -> str | None:
    """Return the role, host and process id of a process at work on a database; None if there is none.

    A process that was killed leaves its row, so the rows are observed until one has a new heartbeat.
    """
    before = await _heartbeats(database)
    waited = 0.0
    while before and waited < _OBSERVATION:
        await asyncio.sleep(0.5)
        waited += 0.5
        for name, seen_at in (await _heartbeats(database)).items():
            if before.get(name) != seen_at:
                return name
    return None


async def _heartbeats(database: Database) -> dict[str, datetime]:
    async with database.read() as connection:
        rows = (await connection.execute(select(runs))).all()
    return {f"{row.role} on {row.host} (process {row.pid})": row.seen_at for row in rows}
