"""Runs: the processes at work on this database; a dead run loses its claims.

A claim is a `run_id` on a source, entry or backfill.  It has no expiry of its own: it ends with its run.  A run is dead
when its heartbeat is overdue or, on this host, its process is missing.
"""

import os
import socket
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import backfills, entries, runs, sources

#: Seconds between two heartbeats, and without one until a run is dead.
HEARTBEAT = 5.0
DEAD_AFTER = 30.0


async def start(connection: AsyncConnection, *, role: str, now: datetime) -> str:
    """Register this process as a run; returns the run's id."""
    run_id = str(uuid.uuid4())
    await connection.execute(insert(runs).values(_row(run_id, role, now)))
    return run_id


async def heartbeat(connection: AsyncConnection, run_id: str, *, role: str, now: datetime) -> None:
    """Record a heartbeat; registers the run again if it was presumed dead and deleted."""
    result = await connection.execute(update(runs).where(runs.c.id == run_id).values(seen_at=now))
    if not result.rowcount:
        await connection.execute(insert(runs).values(_row(run_id, role, now)))


async def end(connection: AsyncConnection, run_id: str) -> None:
    """Release all claims of the run and delete it."""
    await _delete(connection, [run_id])


async def expire_dead(connection: AsyncConnection, *, now: datetime) -> int:
    """Release all claims of dead runs and delete the runs; returns how many there were."""
    rows = (await connection.execute(select(runs.c.id, runs.c.host, runs.c.pid, runs.c.seen_at))).all()
    overdue = now - timedelta(seconds=DEAD_AFTER)
    here = socket.gethostname()
    dead = [row.id for row in rows if row.seen_at < overdue or (row.host == here and not _alive(row.pid))]
    await _delete(connection, dead)
    return len(dead)


async def _delete(connection: AsyncConnection, run_ids: Sequence[str]) -> None:
    if not run_ids:
        return
    for table in (sources, entries, backfills):
        # In the order of their ids, as other transactions lock these rows.
        claimed = select(table.c.id).where(table.c.run_id.in_(run_ids)).order_by(table.c.id)
        await connection.execute(claimed.with_for_update(key_share=True))
        await connection.execute(update(table).where(table.c.run_id.in_(run_ids)).values(run_id=None))
    await connection.execute(delete(runs).where(runs.c.id.in_(run_ids)))


def _row(run_id: str, role: str, now: datetime) -> dict[str, object]:
    return {
        "id": run_id,
        "role": role,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started_at": now,
        "seen_at": now,
    }


def _alive(pid: int) -> bool:
    """Return whether a process exists, including those that /proc hides (proc(5), hidepid)."""
    # If another program has the pid by now, the run expires after DEAD_AFTER.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
