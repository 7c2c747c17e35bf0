"""Run one kind of deletion in batches that hold the write lock for some milliseconds.

Rows to delete are found in a read transaction, which blocks nobody, and deleted by key in a transaction of their own.
Its number of rows follows the time that the last one took, because a row costs 20 microseconds or 20 milliseconds
depending on the table, the disk and the load.  Between two batches other writers have their turn.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import Database

#: Longest time that a batch should hold the write lock, and the time that batches aim at, in seconds.
MAX_HELD, AIM = 0.05, 0.01

#: Rows of the first batch, and most rows of any.
_FIRST, _MOST = 20, 2_000

#: Rows that one read looks for.
_PAGE = 2_000

#: The pause after a batch, as a multiple of its time, and the least, in seconds.
_REST, _LEAST_REST = 2.0, 0.005

#: Where the search for rows goes on: the sort key of the last row that it looked at.
Position = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a search: keys of rows to delete, and where to go on; None: the search is over."""

    keys: Sequence[Any]
    position: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """How to find and delete the rows of one table that are too old."""

    table: str
    #: Called with a connection, the position (None: the start) and the most rows to look at.
    find: Callable[[AsyncConnection, Position | None, int], Awaitable[Found]]
    #: Deletes rows by key, checking again that they may go; returns the keys of those that it deleted.
    delete: Callable[[AsyncConnection, Sequence[Any]], Awaitable[Sequence[Any]]]
    #: Called after the commit with the keys that were deleted.
    after: Callable[[Sequence[Any]], Awaitable[None]] | None = None


@dataclass(slots=True, kw_only=True)
class Deleted:
    """What a deletion did; in a dry run, what it would do."""

    table: str
    rows: int = 0
    batches: int = 0
    #: The longest time that a batch held the write lock, in seconds; and the batches that held it for over MAX_HELD.
    longest: float = 0.0
    slow: int = 0


async def run(
    database: Database, deletion: Deletion, *, dry_run: bool = False, stopping: Callable[[], bool] = lambda: False
) -> Deleted:
    """Delete all rows that a deletion finds, or count them.

    It may be cancelled, or told to stop, between any two batches; the next run finds the rest.

    Raises StoreUnavailable or StoreError.
    """
    done = Deleted(table=deletion.table)
    position: Position | None = None
    size = _FIRST
    while not stopping():
        async with database.read() as connection:
            found = await deletion.find(connection, position, _PAGE)
        left = list(found.keys)
        if dry_run:
            done.rows += len(left)
            left = []
        while left and not stopping():
            some, left = left[:size], left[size:]
            async with database.write() as connection:
                started = monotonic()
                gone = await deletion.delete(connection, some)
            held = monotonic() - started
            done.rows, done.batches = done.rows + len(gone), done.batches + 1
            done.longest, done.slow = max(done.longest, held), done.slow + (held > MAX_HELD)
            size = _next_size(size, held)
            if deletion.after and gone:
                await deletion.after(gone)
            await asyncio.sleep(max(_LEAST_REST, held * _REST))
        if found.position is None:
            break
        position = found.position
    return done


def _next_size(size: int, held: float) -> int:
    """Return the number of rows of the next batch: more by half at most, fewer at once."""
    return max(1, min(_MOST, size + max(1, size // 2), int(size * AIM / max(held, 1e-4))))
