"""Runs: the processes at work on this database, and the claims of those that are no more.

A claim is a `run_id` on a source or an entry.  Nothing expires by itself: a claim is void
when its run is gone, which its missing heartbeat shows, or, on this host, its missing process.
"""

import os
import socket
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import backfills, entries, runs, sources

#: Seconds between two heartbeats, and until a run without one counts as gone.
HEARTBEAT = 5.0
GONE_AFTER = 30.0


async def begin(connection: AsyncConnection, *, role: str, now: datetime) -> str:
    """Enter this process as a run and return the run's id."""
    run_id = str(uuid.uuid4())
    await connection.execute(insert(runs).values(_row(run_id, role, now)))
    return run_id


async def beat(connection: AsyncConnection, run_id: str, *, role: str, now: datetime) -> None:
    """Say that the run is alive; one that was taken for gone is entered anew."""
    result = await connection.execute(update(runs).where(runs.c.id == run_id).values(seen_at=now))
    if not result.rowcount:
        await connection.execute(insert(runs).values(_row(run_id, role, now)))


async def end(connection: AsyncConnection, run_id: str) -> None:
    """Give back whatever the run has claimed, and forget it."""
    await _forget(connection, [run_id])


async def end_gone(connection: AsyncConnection, *, now: datetime) -> int:
    """Give back the claims of runs that are gone; returns how many runs were."""
    rows = (await connection.execute(select(runs.c.id, runs.c.host, runs.c.pid, runs.c.seen_at))).all()
    late = now - timedelta(seconds=GONE_AFTER)
    here = socket.gethostname()
    gone = [row.id for row in rows if row.seen_at < late or (row.host == here and not _alive(row.pid))]
    await _forget(connection, gone)
    return len(gone)


async def _forget(connection: AsyncConnection, gone: Sequence[str]) -> None:
    if not gone:
        return
    for table in (sources, entries, backfills):
        await connection.execute(update(table).where(table.c.run_id.in_(gone)).values(run_id=None))
    await connection.execute(delete(runs).where(runs.c.id.in_(gone)))


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
    """Say whether a process exists, be it one that /proc does not show us (proc(5), hidepid)."""
    # A number that another program has by now only delays us until GONE_AFTER.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
