"""Which run delivers to a consumer.

A claim raises the consumer's generation, and so does every change by an operator.  The run that delivers gives
the generation of its claim with each write (`positions`), and a write of an older one changes nothing: two processes
never move one cursor.
"""

from typing import Any

from sqlalchemy import Row, exists, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.consumer import Consumer, ConsumerState
from ingestd.store.consumers.consumers import consumer_of
from ingestd.store.schema.tables import consumers, installation, runs

_RUN = exists(select(runs.c.id).where(runs.c.id == consumers.c.run_id).correlate(consumers))


async def overview(connection: AsyncConnection) -> tuple[str, list[Row[*tuple[Any, ...]]]]:
    """Return the epoch, and of each consumer its `id`, `name`, `kind`, `state`, `generation`, `epoch` and `run_id`.

    `run_id` is None when that run has ended.
    """
    c = consumers.c
    run = select(runs.c.id).where(runs.c.id == c.run_id).correlate(consumers).scalar_subquery().label("run_id")
    columns = (installation.c.epoch.label("present"), c.id, c.name, c.kind, c.state, c.generation, c.epoch, run)
    # One statement, since a daemon without consumers asks this as often as any other.
    query = select(*columns).select_from(installation.outerjoin(consumers, true()))
    rows = (await connection.execute(query)).all()
    return rows[0].present, [row for row in rows if row.id is not None]


async def claim(connection: AsyncConnection, consumer_id: int, run_id: str) -> Consumer | None:
    """Claim an active consumer for a run; None: another run that has not ended has it, or it is not active."""
    c = consumers.c
    free = or_(c.run_id.is_(None), c.run_id == run_id, ~_RUN)
    claimed = update(consumers).where(c.id == consumer_id, c.state == "active", free)
    claimed = claimed.values(run_id=run_id, generation=c.generation + 1)
    row = (await connection.execute(claimed.returning(*c))).first()
    return None if row is None else consumer_of(row)


async def stop(
    connection: AsyncConnection, consumer_id: int, generation: int, *, state: ConsumerState, reason: str
) -> bool:
    """Set a consumer to disabled or expired, which keeps its cursor; return whether the claim held."""
    c = consumers.c
    stopped = update(consumers).where(c.id == consumer_id, c.generation == generation)
    stopped = stopped.values(state=state, reason=reason, run_id=None, waits_until=None, generation=generation + 1)
    return bool((await connection.execute(stopped)).rowcount)
