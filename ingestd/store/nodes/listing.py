"""Nodes for display: the state of each, what it has at work and what it holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.nodes.nodes import database_now
from ingestd.store.schema.tables import entries, manners, nodes, runs, sources
from ingestd.store.work.runs import DEAD_AFTER

#: "lost": its run is dead.  "stopped": its daemon has ended in order.
ShownState = Literal["active", "draining", "drained", "lost", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node as it is listed."""

    name: str
    state: ShownState
    version: str
    data_version: int
    rules: str
    host: str
    #: Address of its health endpoint; None: it does not listen.
    address: str | None
    cpus: int
    #: What it has at work: numbers by kind.
    work: dict[str, int]
    #: Origins for which it has logins.
    logins: tuple[str, ...]
    started_at: datetime
    #: Its last sign of life by the clock of the database, and how long ago that is in seconds.
    seen_at: datetime
    silent_for: float
    #: Sites that it has, sources and entries that it has claimed, sources that belong to it.
    sites: int
    claimed_sources: int
    claimed_entries: int
    own_sources: int
    #: Who shares out its work, as in the setting.
    engine: str = "local"

    @property
    def runs(self) -> bool:
        """Whether its daemon gives signs of life."""
        return self.state in ("active", "draining", "drained")

    @property
    def at_work(self) -> int:
        """The number of polls, pages and revisits that it has under way."""
        return sum(self.work.get(kind, 0) for kind in ("polls", "pages", "revisits"))


async def list_nodes(connection: AsyncConnection) -> list[Node]:
    """Return all nodes, by name."""
    now = await database_now(connection)
    query = select(nodes, runs.c.id.label("living_run")).outerjoin(runs, runs.c.id == nodes.c.run_id)
    rows = (await connection.execute(query.order_by(nodes.c.name))).all()
    by_run = {
        name: await _count(connection, table.c.run_id)
        for name, table in (("sites", manners), ("claimed_sources", sources), ("claimed_entries", entries))
    }
    own = await _count(connection, sources.c.node, sources.c.state != "removed")
    return [
        Node(
            name=row.name, state=shown_state(row, now), version=row.version, data_version=row.data_version,
            rules=row.rules, host=row.host, address=row.address, cpus=row.cpus, work=_numbers(row.work),
            logins=tuple(map(str, row.logins or ())), started_at=row.started_at, seen_at=row.seen_at,
            silent_for=max(0.0, (now - row.seen_at).total_seconds()), own_sources=own.get(row.name, 0),
            engine=row.engine or "local",
            **{name: counts.get(row.run_id, 0) for name, counts in by_run.items()},
        )
        for row in rows
    ]  # fmt: skip


def shown_state(row: Row[Any], now: datetime) -> ShownState:
    """Return the state of a row of `nodes` with `living_run`, the id of its run if that is registered."""
    if row.run_id is None:
        return "drained" if row.state == "drained" else "stopped"
    # The row of a dead run stays until another process finds that it is dead: there may be none.
    if row.living_run is None or (now - row.seen_at).total_seconds() > DEAD_AFTER:
        return "lost"
    return "draining" if row.state == "draining" else "drained" if row.state == "drained" else "active"


async def _count(connection: AsyncConnection, column: Any, *where: ColumnElement[bool]) -> dict[str, int]:
    """Return the number of rows for each value of a column, null left out; by an index of those rows."""
    query = select(column, func.count()).where(column.is_not(None), *where).group_by(column)
    return {value: int(count) for value, count in await connection.execute(query)}


def _numbers(work: Any) -> dict[str, int]:
    return {str(name): number for name, number in work.items()} if isinstance(work, dict) else {}
