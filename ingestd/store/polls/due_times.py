"""Correct the due times of sources after a start, a sleep or a clock change.

Neither reads all sources under SQLite's write lock, nor rewrites as many as there may be: the work is bounded however
many sources there are.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Update, bindparam, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import sources
from ingestd.store.statements import chunks

#: No correct clock sets a due time further ahead: a hold lasts at most a day, and jitter adds half of that.
_MAX_POSTPONEMENT = timedelta(days=2)

#: Later times than in this long are of a clock that was ahead.
_TOLERANCE = timedelta(minutes=1)

#: Sources that are spread at most.  If more are overdue, the daemon is as busy with them as it can be for longer than
#: they would be spread over, and takes the longest due first.
MAX_SPREAD = 20_000

_WAITING = (sources.c.state == "active") & sources.c.run_id.is_(None)


async def polled_in_future(connection: AsyncConnection, *, now: datetime) -> Sequence[int]:
    """Return the unclaimed sources that were polled by a clock that was ahead and has been set back.

    Reads all sources, which takes a second a million: not under the write lock.
    """
    query = select(sources.c.id).where(sources.c.last_polled_at > now + _TOLERANCE, _WAITING, sources.c.due_at > now)
    return (await connection.execute(query)).scalars().all()


async def fix_polled_in_future(connection: AsyncConnection, found: Sequence[int], *, now: datetime) -> None:
    """Make the sources that `polled_in_future` has found due now."""
    for some in chunks(found):
        polled_later = sources.c.id.in_(some) & (sources.c.last_polled_at > now + _TOLERANCE)
        await connection.execute(_corrected(now).where(polled_later, _WAITING, sources.c.due_at > now))


async def fix_future_due_times(connection: AsyncConnection, *, now: datetime) -> None:
    """Make sources due now that are due further ahead than any correct clock would have it."""
    due_too_late = (sources.c.due_at > now + _MAX_POSTPONEMENT) & sources.c.interval.is_(None)
    await connection.execute(_corrected(now).where(due_too_late, _WAITING))


def _corrected(now: datetime) -> Update:
    success = case((sources.c.last_success_at > now, now), else_=sources.c.last_success_at)
    return update(sources).values(due_at=now, last_polled_at=now, last_success_at=success)


async def spread_overdue(connection: AsyncConnection, *, now: datetime, max_due: int, seconds: float) -> int | None:
    """Leave at most `max_due` sources due now and spread the others evenly over the next `seconds`.

    Keeps the order in which they were due; returns how many were spread, or None if there are more than MAX_SPREAD:
    they stay as they are.
    """
    query = select(sources.c.id).where(_WAITING, sources.c.due_at <= now).order_by(sources.c.due_at, sources.c.id)
    found = (await connection.execute(query.limit(max_due + MAX_SPREAD + 1))).scalars().all()
    later = found[max_due:]
    if len(later) > MAX_SPREAD:
        return None
    if not later:
        return 0
    step = seconds / len(later)
    rows = [
        {"source": source_id, "due": now + timedelta(seconds=step * position)}
        for position, source_id in enumerate(later, 1)
    ]
    statement = update(sources).where(sources.c.id == bindparam("source")).values(due_at=bindparam("due"))
    await connection.execute(statement, rows)
    return len(rows)
