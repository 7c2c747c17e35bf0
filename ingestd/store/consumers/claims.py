"""Which run delivers to a consumer, and what it writes while it does.

A claim raises the consumer's generation, and so does every change by an operator.  Whoever delivers gives the
generation of its claim with each write, and a write of an older one changes nothing: two processes never move one
cursor.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.consumer import Consumer, ConsumerState
from ingestd.store.consumers.consumers import consumer_of
from ingestd.store.schema.tables import consumers, installation, runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A new position of a consumer."""

    consumer_id: int
    generation: int
    cursor: int
    kill_cursor: int
    #: When the last message was delivered; None: as it was.
    delivered_at: datetime | None = None


_RUN = exists(select(runs.c.id).where(runs.c.id == consumers.c.run_id).correlate(consumers))


async def overview(connection: AsyncConnection) -> tuple[str, list[Row[*tuple[Any, ...]]]]:
    """Return the epoch, and of each consumer its `id`, `name`, `kind`, `state`, `generation`, `epoch` and `run_id`.

    `run_id` is None when that run has ended.
    """
    c = consumers.c
    run = select(runs.c.id).where(runs.c.id == c.run_id).correlate(consumers).scalar_subquery().label("run_id")
    rows = (await connection.execute(select(c.id, c.name, c.kind, c.state, c.generation, c.epoch, run))).all()
    epoch: str = (await connection.execute(select(installation.c.epoch))).scalar_one()
    return epoch, list(rows)


async def claim(connection: AsyncConnection, consumer_id: int, run_id: str) -> Consumer | None:
    """Claim an active consumer for a run; None: another run that has not ended has it, or it is not active."""
    c = consumers.c
    free = or_(c.run_id.is_(None), c.run_id == run_id, ~_RUN)
    claimed = update(consumers).where(c.id == consumer_id, c.state == "active", free)
    claimed = claimed.values(run_id=run_id, generation=c.generation + 1)
    row = (await connection.execute(claimed.returning(*c))).first()
    return None if row is None else consumer_of(row)


async def release(connection: AsyncConnection, consumer_id: int, generation: int) -> None:
    """Give up a claim, so that another run may have it at once."""
    c = consumers.c
    await connection.execute(
        update(consumers).where(c.id == consumer_id, c.generation == generation).values(run_id=None)
    )


async def is_current(connection: AsyncConnection, consumer_id: int, generation: int) -> bool:
    """Return whether a claim is still the last one; if so, it stays until the transaction ends."""
    c = consumers.c
    query = select(c.id).where(c.id == consumer_id, c.generation == generation).with_for_update()
    return (await connection.execute(query)).first() is not None


async def move(connection: AsyncConnection, moves: Iterable[Move]) -> set[int]:
    """Write the positions of consumers; return those whose claim has ended, which stay where they are."""
    c = consumers.c
    ended = set()
    for one in sorted(moves, key=lambda one: one.consumer_id):  # in one order, as others lock these rows
        moved = update(consumers).where(c.id == one.consumer_id, c.generation == one.generation)
        values: dict[str, Any] = {"cursor": one.cursor, "kill_cursor": one.kill_cursor}
        if one.delivered_at is not None:
            values["delivered_at"] = one.delivered_at
        if not (await connection.execute(moved.values(values))).rowcount:
            ended.add(one.consumer_id)
    return ended


async def note_endpoint(
    connection: AsyncConnection,
    consumer_id: int,
    generation: int,
    *,
    failing_since: datetime | None,
    waits_until: datetime | None,
    reason: str | None,
) -> bool:
    """Note since when an endpoint has failed, why, and when it is tried again; return whether the claim holds."""
    c = consumers.c
    noted = update(consumers).where(c.id == consumer_id, c.generation == generation)
    noted = noted.values(failing_since=failing_since, waits_until=waits_until, reason=reason)
    return bool((await connection.execute(noted)).rowcount)


async def stop(
    connection: AsyncConnection, consumer_id: int, generation: int, *, state: ConsumerState, reason: str
) -> bool:
    """Set a consumer to disabled or expired, which keeps its cursor; return whether the claim held."""
    c = consumers.c
    stopped = update(consumers).where(c.id == consumer_id, c.generation == generation)
    stopped = stopped.values(state=state, reason=reason, run_id=None, waits_until=None, generation=generation + 1)
    return bool((await connection.execute(stopped)).rowcount)
