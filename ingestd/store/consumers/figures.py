"""How far each consumer is, and what waits of it, for health, metrics and the status page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.consumer import ConsumerState
from ingestd.store.consumers import failures
from ingestd.store.events import event_log
from ingestd.store.schema.tables import consumers


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerFigures:
    """How far one consumer is."""

    name: str
    kind: str
    state: ConsumerState
    #: Events that it has not passed yet.
    lag: int
    failing_since: datetime | None
    #: Messages that are tried again or wait for one that is, and those that are not tried again.
    waiting: int
    dead: int

    @property
    def is_well(self) -> bool:
        """Whether it is active and takes all that it is sent."""
        return self.state == "active" and self.failing_since is None and not (self.waiting or self.dead)


async def read(connection: AsyncConnection) -> tuple[ConsumerFigures, ...]:
    """Return the figures of all consumers, by name."""
    c = consumers.c
    query = select(c.id, c.name, c.kind, c.state, c.cursor, c.failing_since).order_by(c.name)
    if not (rows := (await connection.execute(query)).all()):
        return ()
    last, counts = await event_log.last_seq(connection), await failures.counts(connection)
    found = []
    for row in rows:
        of_state = counts.get(row.id, {})
        found.append(
            ConsumerFigures(
                name=row.name, kind=row.kind, state=row.state, lag=max(0, last - row.cursor),
                failing_since=row.failing_since, waiting=of_state.get("waiting", 0) + of_state.get("blocked", 0),
                dead=of_state.get("dead", 0),
            )
        )  # fmt: skip
    return tuple(found)
