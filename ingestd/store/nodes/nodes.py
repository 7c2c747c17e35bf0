"""Rows of the nodes: a daemon takes a name at its start, refreshes its row with its heartbeat and is asked to drain.

The last sign of life is by the clock of the database, which is the same for all machines.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, case, delete, exists, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import nodes, runs, sources

#: "active": it takes work.  "draining": it was asked to hand its work over.  "drained": it has.
State = Literal["active", "draining", "drained"]

#: What operators write where all nodes may poll a source; no node can have the name.
ANY = "any"

#: A node that has been away for so long is forgotten, if no source belongs to it.
FORGOTTEN_AFTER = timedelta(days=7)

_c = nodes.c


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCard:
    """What a node says of itself at its start."""

    name: str
    version: str
    data_version: int
    rules: str
    host: str
    cpus: int
    #: Origins for which it has logins, as in "https://wire.example".
    logins: Collection[str] = ()
    #: Who shares out its work, as in the setting.
    engine: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What a node reads from the database when it gives a sign of life."""

    #: None: another run has the node's name now.
    state: State | None
    #: The origins for which each other node at work has logins.
    others: tuple[tuple[str, ...], ...] = ()


async def database_now(connection: AsyncConnection) -> datetime:
    """Return the time of the database's clock; an SQLite file has that of its host."""
    if connection.dialect.name != "postgresql":
        return datetime.now(UTC)
    now: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return now.astimezone(UTC)


async def holder(connection: AsyncConnection, name: str) -> Row[Any] | None:
    """Return the run that has a node's name; None: the name is free, or its run has ended."""
    query = select(runs).join(nodes, _c.run_id == runs.c.id).where(_c.name == name)
    return (await connection.execute(query)).first()


async def take_name(connection: AsyncConnection, run_id: str, card: NodeCard) -> State | None:
    """Give a run the name of a node; returns the node's state, or None if another run has the name.

    A node that was drained stays so when its daemon is started again.
    """
    now = await database_now(connection)
    await _forget(connection, now)
    values = {**asdict(card), "logins": sorted(card.logins), "run_id": run_id, "started_at": now, "seen_at": now}
    values["address"] = None
    # Free are a name whose run has ended, and that of this run, which was presumed dead meanwhile.
    free = _c.run_id.is_(None) | (_c.run_id == run_id) | ~exists().where(runs.c.id == _c.run_id)
    taken = update(nodes).where(_c.name == card.name, free).values(**values, work={}).returning(_c.state)
    if (state := (await connection.execute(taken)).scalar_one_or_none()) is not None:
        return _state(state)
    known = await connection.execute(select(_c.name).where(_c.name == card.name))
    if known.first() is not None:
        return None
    await connection.execute(insert(nodes).values(**values, state="active", work={}))
    return "active"


async def give_sign(
    connection: AsyncConnection, run_id: str, name: str, *, address: str | None, work: Mapping[str, int]
) -> Sign | None:
    """Write a sign of life of a node; returns what has changed for it, or None if the node was removed."""
    now = await database_now(connection)
    own = (_c.name == name) & (_c.run_id == run_id)
    signed = update(nodes).where(own).values(seen_at=now, address=address, work=dict(work)).returning(_c.state)
    state = (await connection.execute(signed)).scalar_one_or_none()
    if state is None:
        is_known = (await connection.execute(select(_c.name).where(_c.name == name))).first() is not None
        return Sign(state=None) if is_known else None
    return Sign(state=_state(state), others=await logins_of_others(connection, name))


async def logins_of_others(connection: AsyncConnection, name: str) -> tuple[tuple[str, ...], ...]:
    """Return the origins for which each other node at work has logins."""
    at_work = select(_c.logins).join(runs, runs.c.id == _c.run_id).where(_c.state == "active", _c.name != name)
    return tuple(tuple(map(str, logins)) for logins in (await connection.execute(at_work)).scalars() if logins)


async def count_others(connection: AsyncConnection, name: str) -> int:
    """Return the number of other nodes whose daemons run."""
    query = select(func.count()).select_from(nodes.join(runs, runs.c.id == _c.run_id)).where(_c.name != name)
    return int((await connection.execute(query)).scalar_one())


async def with_other_engine(connection: AsyncConnection, name: str, engine: str) -> list[tuple[str, str]]:
    """Return name and engine of the nodes whose daemons run with another engine than a node's."""
    other = (_c.name != name) & (_c.engine != engine)
    query = select(_c.name, _c.engine).join(runs, runs.c.id == _c.run_id).where(other).order_by(_c.name)
    return [(row.name, row.engine) for row in await connection.execute(query)]


async def set_drained(connection: AsyncConnection, run_id: str, name: str) -> None:
    """Note that a node has handed its work over, unless it was resumed meanwhile."""
    own = (_c.name == name) & (_c.run_id == run_id) & (_c.state == "draining")
    await connection.execute(update(nodes).where(own).values(state="drained"))


async def leave(connection: AsyncConnection, run_id: str, name: str) -> None:
    """Give the name of a node back, as its daemon ends."""
    now = await database_now(connection)
    own = (_c.name == name) & (_c.run_id == run_id)
    is_empty = case((_c.state == "draining", "drained"), else_=_c.state)
    await connection.execute(update(nodes).where(own).values(run_id=None, seen_at=now, work={}, state=is_empty))


async def _forget(connection: AsyncConnection, now: datetime) -> None:
    """Delete nodes that have been away for long: each container may have a host name of its own."""
    is_gone = _c.run_id.is_(None) | ~exists().where(runs.c.id == _c.run_id)
    has_sources = exists().where(sources.c.node == _c.name)
    old = (_c.seen_at < now - FORGOTTEN_AFTER) & (_c.state == "active")
    await connection.execute(delete(nodes).where(old, is_gone, ~has_sources))


def _state(value: str) -> State:
    return "draining" if value == "draining" else "drained" if value == "drained" else "active"
