"""Run one kind of deletion in batches that hold the write lock for some milliseconds.

Rows to delete are found in a read transaction, which blocks nobody, and deleted by key in a transaction of their own.
Its number of rows follows the times that the last ones took, because a row costs 20 microseconds or 20 milliseconds
depending on the table, the disk and the load.  Between two batches other writers have their turn.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import Database, begin_now

#: Longest time that a batch should hold the write lock, and the time that batches aim at, in seconds.  A batch of one
#: row takes up to 7 ms for its statements and its commit, and a busy machine triples any time now and then.
MAX_HELD, AIM = 0.05, 0.015

#: Most rows of a batch.
_MOST = 2_000

#: Rows that one read looks for.
_PAGE = 2_000

#: The pause after a batch, as a multiple of its time, and the least and the most, in seconds.  A machine that stands
#: still makes a transaction long, and after a second others have had their turn.
_REST, _LEAST_REST, _MOST_REST = 2.0, 0.005, 1.0

#: Where the search for rows goes on: the sort key of the last row that it looked at.
Position = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of a search: keys of rows to delete, and where to go on; None: the search is over."""

    keys: Sequence[Any]
    position: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """How to find and delete most of the rows that belong to one, where they are too many for a batch."""

    #: Called with the keys of a batch and the most parts to return.
    find: Callable[[AsyncConnection, Sequence[Any], int], Awaitable[Sequence[Any]]]
    #: Deletes parts, checking again that they may go; returns how many it deleted.
    delete: Callable[[AsyncConnection, Sequence[Any]], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """How to find and delete the rows of one table that are too old."""

    table: str
    #: Called with a connection, the position (None: the start) and the most rows to look at.
    find: Callable[[AsyncConnection, Position | None, int], Awaitable[Found]]
    #: Deletes rows by key, checking again that they may go; returns the keys of those that it deleted.  It gets what
    #: `prepare` returned.
    delete: Callable[[AsyncConnection, Sequence[Any], Any], Awaitable[Sequence[Any]]]
    #: Reads and computes for a batch, before the write lock is taken.
    prepare: Callable[[AsyncConnection, Sequence[Any]], Awaitable[Any]] | None = None
    #: What is deleted before the rows of a batch, in batches of its own.
    parts: Parts | None = None
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
    #: From where on rows were not looked at, up to a page of them; None: nothing was passed.
    position: Position | None = None


async def run(
    database: Database,
    deletion: Deletion,
    *,
    after: Position | None = None,
    dry_run: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> Deleted:
    """Delete all rows that a deletion finds, or count them; with `after`, those behind that position.

    It may be cancelled, or told to stop, between any two batches; the next run finds the rest.

    Raises StoreUnavailable or StoreError.
    """
    done = Deleted(table=deletion.table, position=after)
    position = after
    size, size_of_parts = BatchSize(), BatchSize()
    while not stopping():
        began = monotonic()
        async with database.read() as connection:
            found = await deletion.find(connection, position, _PAGE)
        took = monotonic() - began
        left = list(found.keys)
        if dry_run:
            done.rows += len(left)
            left = []
        while left and not stopping():
            some, left = left[: size.rows], left[size.rows :]
            if deletion.parts:
                await _delete_parts(database, deletion.parts, some, done, size_of_parts, stopping)
                if stopping():
                    return done  # with the parts that are left, the batch would be a long one
            await _delete_batch(database, deletion, some, done, size)
        if found.position is None or left:
            break
        done.position = position = found.position
        if not found.keys and not dry_run:
            await rest(took)  # a long row of pages of which everything stays must not take a CPU for minutes
    return done


async def _delete_batch(
    database: Database, deletion: Deletion, keys: Sequence[Any], done: Deleted, size: "BatchSize"
) -> None:
    prepared = None
    if deletion.prepare:
        async with database.read() as connection:
            prepared = await deletion.prepare(connection, keys)
    async with _timed(database, done, size) as connection:
        gone = await deletion.delete(connection, keys, prepared)
    done.rows += len(gone)
    if deletion.after and gone:
        await deletion.after(gone)


async def _delete_parts(
    database: Database,
    parts: Parts,
    keys: Sequence[Any],
    done: Deleted,
    size: "BatchSize",
    stopping: Callable[[], bool],
) -> None:
    while not stopping():
        async with database.read() as connection:
            left = await parts.find(connection, keys, _PAGE)
        deleted = 0
        while left and not stopping():
            some, left = left[: size.rows], left[size.rows :]
            async with _timed(database, done, size) as connection:
                deleted += await parts.delete(connection, some)
        if not deleted:  # none are left, or they may not go any more
            return


@asynccontextmanager
async def _timed(database: Database, done: Deleted, size: "BatchSize") -> AsyncIterator[AsyncConnection]:
    """Open the transaction of a batch, note for how long it held the write lock, and rest."""
    async with database.write() as connection:
        await begin_now(connection)
        started = monotonic()
        yield connection
    held = monotonic() - started
    done.batches += 1
    done.longest, done.slow = max(done.longest, held), done.slow + (held > MAX_HELD)
    size.note(held)
    await rest(held)


async def rest(held: float) -> None:
    """Let other writers have their turn, for longer after a transaction that held the lock for longer."""
    await asyncio.sleep(min(_MOST_REST, max(_LEAST_REST, held * _REST)))


class BatchSize:
    """Number of rows of the next batch.

    Batches aim at AIM, or at one and a half times the shortest one where that is more: the first has one row, and on a
    slow disk its commit alone takes longer than AIM, so that smaller batches would only be more of them.
    """

    def __init__(self) -> None:
        self.rows = 1
        self._shortest = math.inf
        #: Most rows that were deleted in time.
        self._proven = 0

    def note(self, held: float) -> None:
        """Note for how many seconds a batch of `rows` held the lock."""
        self._shortest = min(self._shortest, held)
        aim = max(AIM, _OVER_SHORTEST * self._shortest)
        if held <= aim:
            self._proven = max(self._proven, self.rows)
            # A part of the time is the same for any number of rows, so it grows step by step.
            step = self.rows if self.rows < _ENOUGH and held <= aim / 2 else max(1, self.rows // 4)
            self.rows = min(_MOST, self.rows + step)
        else:
            # A busy machine makes some batches slow whatever their size, which must not end in batches of one row.
            self.rows = max(1, min(_ENOUGH, self._proven // 4), int(self.rows * max(0.5, aim / held)))


#: A batch may take this many times as long as the shortest.
_OVER_SHORTEST = 1.5

#: Rows up to which batches grow fast, and below which they do not fall if four times as many were deleted in time.
_ENOUGH = 20
