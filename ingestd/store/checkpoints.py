"""Checkpoints of SQLite's write-ahead log, outside the write lock.

By default the commit that fills 1,000 pages of the log also copies them into the database and syncs both files, which
took 400 ms where a commit takes 2, and everybody who wants to write waits for it.  Here a task does that on a
connection of its own: SQLite lets others write meanwhile.  What they wrote is copied last, under the write lock, since
the log begins anew only after a checkpoint of all of it.
"""

import asyncio
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

#: Pages of the log after which a commit makes a checkpoint by itself, as where no event loop runs this task.
AUTOMATIC_AFTER = 20_000

#: Seconds between the first commit after a checkpoint and the next checkpoint.
_DELAY = 1.0

#: Checkpoints without the lock, at most, before the one with it; and pages that this one may have to copy.
_PASSES, _FEW_PAGES = 5, 50


class Checkpoints:
    """Makes a checkpoint soon after a commit."""

    def __init__(self, engine: AsyncEngine, write_lock: asyncio.Lock) -> None:
        self._engine = engine
        self._write_lock = write_lock
        self._task: asyncio.Task[None] | None = None

    def note_commit(self) -> None:
        """Make a checkpoint soon, unless one is to come already."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="checkpoint")

    async def close(self) -> None:
        """Make no further checkpoint; SQLite makes one when the last connection closes."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._engine.dispose()

    async def _run(self) -> None:
        await asyncio.sleep(_DELAY)
        # The next commit tries again; an error of the disk fails that commit itself.
        with suppress(SQLAlchemyError, OSError):
            async with self._engine.connect() as connection:
                driver: Any = (await connection.get_raw_connection()).driver_connection
                copied = 0
                for _ in range(_PASSES):
                    before, copied = copied, await _checkpoint(driver)
                    if copied - before <= _FEW_PAGES:
                        break
                async with self._write_lock:
                    await _checkpoint(driver)


async def _checkpoint(driver: Any) -> int:
    """Copy what no reader still needs in the log into the database; return how many of its pages are copied."""
    async with driver.execute("PRAGMA wal_checkpoint(PASSIVE)") as cursor:
        _, _, copied = await cursor.fetchone()
    return int(copied)
