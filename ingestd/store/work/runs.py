"""Runs: the processes at work on this database; a dead run loses its claims.

A claim is a `run_id` on a source, entry or backfill, or on a site's row in `manners`.  It has no expiry of its own: it
ends with its run.  A run is dead when its heartbeats stop, or when its process is missing from the place of the
observer (`RunObserver`).
"""

import os
import socket
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import backfills, entries, installation, runs, sources
from ingestd.store.schema.tables import manners as manners_table
from ingestd.store.work import manners, processes

#: Seconds between two heartbeats, and without one until a run is dead.
HEARTBEAT = 5.0
DEAD_AFTER = 30.0

#: The longest time between two observations that counts, in seconds.  During a longer one the observer, or the database
#: for all runs, was away.
_COUNTED = 2 * HEARTBEAT


class RunObserver:
    """Tells dead runs by their heartbeats, as this process has observed them.

    A run is dead when its heartbeats have stopped for DEAD_AFTER seconds of this process's monotonic clock; the clocks
    of hosts are never compared.  A run whose process is missing from this process's place is dead at once.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._observed_at: float | None = None
        #: Run → its last heartbeat, and for how many seconds it has been the last one.
        self._last: dict[str, tuple[Any, float]] = {}
        #: Run that has claims but no row → when that was observed first.
        self._unregistered: dict[str, float] = {}

    def dead(self, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
        """Return those of all rows of `runs`, as just read, whose runs are dead."""
        now, here = self._clock(), processes.place()
        elapsed = min(now - self._observed_at, _COUNTED) if self._observed_at is not None else 0.0
        self._observed_at = now
        last, self._last = self._last, {}
        dead = []
        for row in rows:
            # A run of an earlier release counts no beats.
            beat = (row.generation, row.beats, row.seen_at)
            before, seconds = last.get(row.id, (None, 0.0))
            seconds = seconds + elapsed if before == beat else 0.0
            self._last[row.id] = beat, seconds
            is_missing = row.place == here and processes.is_missing(row.pid, row.pid_started)
            if is_missing or seconds >= DEAD_AFTER:
                dead.append(row)
        return dead

    def dead_unregistered(self, run_ids: Collection[str]) -> list[str]:
        """Return those of all runs with claims but without a row that have been so for DEAD_AFTER seconds.

        A run that was deleted while its process lived claims on until its next heartbeat, which registers it again.
        """
        now = self._clock()
        self._unregistered = {run_id: self._unregistered.get(run_id, now) for run_id in run_ids}
        return sorted(run_id for run_id, since in self._unregistered.items() if now - since >= DEAD_AFTER)


async def start(connection: AsyncConnection, *, role: str, now: datetime) -> str:
    """Register this process as a run; returns the run's id."""
    run_id = str(uuid.uuid4())
    await _register(connection, run_id, role, now)
    return run_id


async def heartbeat(connection: AsyncConnection, run_id: str, *, role: str, now: datetime) -> None:
    """Record a heartbeat.

    A run that was presumed dead and deleted is registered again, with a higher generation: claims that it had are void.
    """
    beat = update(runs).where(runs.c.id == run_id).values(seen_at=now, beats=runs.c.beats + 1)
    if not (await connection.execute(beat)).rowcount:
        await _register(connection, run_id, role, now)


async def release_claims(connection: AsyncConnection, run_id: str) -> None:
    """Release all claims of a run that stays registered."""
    await _release_claims(connection, [run_id])


async def end(connection: AsyncConnection, run_id: str) -> None:
    """Release all claims of the run and delete it."""
    await _delete(connection, [run_id])


async def expire_dead(connection: AsyncConnection, observer: RunObserver) -> int:
    """Release all claims of dead runs and delete the runs; returns how many there were.

    Releases as well claims of runs that were deleted, claimed again and died before their next heartbeat.
    """
    dead = observer.dead((await connection.execute(select(runs))).all())
    deleted = []
    for row in sorted(dead, key=lambda row: row.id):
        # Not if it has sent a heartbeat meanwhile.
        same = (runs.c.id == row.id) & (runs.c.beats == row.beats) & (runs.c.seen_at == row.seen_at)
        if await _delete_runs(connection, same):
            deleted.append(row.id)
    deleted += observer.dead_unregistered(await _unregistered(connection))
    await _release_claims(connection, deleted)
    return len(deleted)


async def _unregistered(connection: AsyncConnection) -> set[str]:
    """Return the runs that have claims but no row."""
    found: set[str] = set()
    for table in (sources, entries, backfills, manners_table):
        claimed = select(table.c.run_id).where(table.c.run_id.is_not(None)).distinct()
        found.update((await connection.execute(claimed)).scalars())
    # Read last: a run registers before it claims.
    return found.difference((await connection.execute(select(runs.c.id))).scalars())


async def _delete(connection: AsyncConnection, run_ids: Sequence[str]) -> None:
    await _delete_runs(connection, runs.c.id.in_(run_ids))
    await _release_claims(connection, run_ids)


async def _delete_runs(connection: AsyncConnection, which: ColumnElement[bool]) -> int:
    return (await connection.execute(delete(runs).where(which))).rowcount


async def _release_claims(connection: AsyncConnection, run_ids: Sequence[str]) -> None:
    if not run_ids:
        return
    for table in (sources, entries, backfills):
        # In the order of their ids, as other transactions lock these rows.
        claimed = select(table.c.id).where(table.c.run_id.in_(run_ids)).order_by(table.c.id)
        await connection.execute(claimed.with_for_update(key_share=True))
        await connection.execute(update(table).where(table.c.run_id.in_(run_ids)).values(run_id=None))
    await manners.release(connection, run_ids)


async def _register(connection: AsyncConnection, run_id: str, role: str, now: datetime) -> None:
    counted = update(installation).values(generation=installation.c.generation + 1)
    generation = (await connection.execute(counted.returning(installation.c.generation))).scalar_one()
    row = {
        "id": run_id,
        "role": role,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started_at": now,
        "seen_at": now,
        "generation": generation,
        "place": processes.place(),
        "pid_started": processes.started(os.getpid()),
    }
    await connection.execute(insert(runs).values(row))
