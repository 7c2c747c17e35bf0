"""Which run does a chore of the database, and when the next may do it again: one row for each chore.

A chore that ends is given back; one whose run has died is free as well.  Times are of PostgreSQL's clock, since those
of the machines may differ.
"""

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import chores

# A time that is further away than one period was set by a clock that has been put back since.
_CLAIM = text(
    """
    INSERT INTO chores AS c (name, run_id, next_at)
    VALUES (:name, :run, clock_timestamp() + make_interval(secs => :seconds))
    ON CONFLICT (name) DO UPDATE SET run_id = excluded.run_id, next_at = excluded.next_at
    WHERE (c.next_at <= clock_timestamp() OR c.next_at > excluded.next_at)
        AND (
            c.run_id IS NULL OR c.run_id = excluded.run_id
            OR NOT EXISTS (SELECT FROM runs WHERE runs.id = c.run_id)
        )
    RETURNING true
    """
)


async def claim(connection: AsyncConnection, name: str, run_id: str, *, seconds: float) -> bool:
    """Claim a chore for a run, on PostgreSQL; return whether the run is to do it now.

    It is, unless another run does it, or one has begun it within the last `seconds`.
    """
    values = {"name": name, "run": run_id, "seconds": seconds}
    return (await connection.execute(_CLAIM, values)).first() is not None


async def give_back(connection: AsyncConnection, name: str, run_id: str) -> None:
    """Note that a run has ended a chore; a claim that another run has taken meanwhile stays."""
    c = chores.c
    await connection.execute(update(chores).where(c.name == name, c.run_id == run_id).values(run_id=None))
