"""Write how far consumers are, and what failed, for all consumers of a process in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.consumer import FailedMessage
from ingestd.store.consumers import failures
from ingestd.store.consumers.failures import Attempt
from ingestd.store.schema.tables import consumers


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a consumer is, and the state of its endpoint, as the run that has claimed it writes it."""

    consumer_id: int
    #: That of the claim.
    generation: int
    cursor: int
    kill_cursor: int
    delivered_at: datetime | None
    failing_since: datetime | None
    waits_until: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What is written of one consumer at once, so that no event is passed whose row is not there."""

    position: Position
    #: By number; None: the row is deleted.
    rows: Mapping[int, FailedMessage | None] = field(default_factory=dict)
    attempts: Sequence[Attempt] = ()


async def write(connection: AsyncConnection, writes: Sequence[Write]) -> set[int]:
    """Write positions and rows; return the consumers whose claim has ended, of which nothing is written."""
    c, ended = consumers.c, set()
    for one in sorted(writes, key=lambda one: one.position.consumer_id):  # in one order, as others lock these rows
        at = one.position
        values: dict[str, Any] = {
            "cursor": at.cursor, "kill_cursor": at.kill_cursor, "delivered_at": at.delivered_at,
            "failing_since": at.failing_since, "waits_until": at.waits_until, "reason": at.reason,
        }  # fmt: skip
        moved = update(consumers).where(c.id == at.consumer_id, c.generation == at.generation).values(values)
        if not (await connection.execute(moved)).rowcount:
            ended.add(at.consumer_id)
            continue
        await failures.save(connection, [row for row in one.rows.values() if row])
        gone = [seq for seq, row in one.rows.items() if row is None]
        await failures.delete_rows(connection, at.consumer_id, gone)
        await failures.add_attempts(connection, one.attempts)
    return ended
