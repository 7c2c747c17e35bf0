"""What operators ask of nodes: to drain, to work again, to be forgotten; and which releases may start."""

from collections.abc import Iterable
from datetime import datetime

from packaging.version import InvalidVersion, Version
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import ConfigError, NotFound, UsageError
from ingestd.store.nodes.listing import Node, list_nodes
from ingestd.store.nodes.nodes import State
from ingestd.store.polls import node_sources
from ingestd.store.schema.tables import installation, nodes

#: States in which a node can be removed: nobody works under its name.
REMOVABLE = ("lost", "drained", "stopped")

#: Sources that a message names.
_MOST_NAMED = 5


async def find(connection: AsyncConnection, name: str) -> Node:
    """Return a node; raises NotFound."""
    for node in await list_nodes(connection):
        if node.name == name:
            return node
    raise NotFound(f"no node {name}; `ingestd nodes list` shows all nodes")


async def set_state(connection: AsyncConnection, name: str, state: State) -> Node:
    """Ask a node to drain or to work again; it follows with its next heartbeat.  Raises NotFound, UsageError."""
    node = await find(connection, name)
    if state == "draining" and node.state in ("draining", "drained"):
        return node
    if state == "draining" and node.state == "lost":
        raise UsageError(f"node {name} is lost and hands nothing over; `ingestd nodes remove {name}` removes it")
    # One that has stopped has nothing to hand over: it is drained, and stays so when it is started again.
    value = "drained" if state == "draining" and node.state == "stopped" else state
    await connection.execute(update(nodes).where(nodes.c.name == name).values(state=value))
    return await find(connection, name)


async def remove(connection: AsyncConnection, name: str, *, move_to: str | None, now: datetime) -> int:
    """Remove a node at which nobody works; returns how many sources were moved to another node.

    Raises NotFound; UsageError if the node is at work, or has sources and `move_to` names no node for them.
    """
    node = await find(connection, name)
    if node.state not in REMOVABLE:
        raise UsageError(f"node {name} is {node.state}: `ingestd nodes drain {name}` first, or stop its daemon")
    moved = 0
    if move_to is not None:
        if move_to == name:
            raise UsageError(f"--move-to: {name} is the node to remove")
        await find(connection, move_to)
        moved = await node_sources.move(connection, name, move_to, now=now)
    elif node.own_sources:
        raise UsageError(await _with_sources(connection, node))
    await connection.execute(delete(nodes).where(nodes.c.name == name))
    return moved


async def _with_sources(connection: AsyncConnection, node: Node) -> str:
    named = await node_sources.addresses_of(connection, node.name, limit=_MOST_NAMED)
    more = f" and {node.own_sources - len(named)} more" if node.own_sources > len(named) else ""
    return f"node {node.name} has sources of its own: {', '.join(named)}{more}; move them with --move-to NODE"


async def min_version(connection: AsyncConnection) -> str | None:
    """Return the oldest release that may start; None: any."""
    version: str | None = (await connection.execute(select(installation.c.min_version))).scalar()
    return version


async def set_min_version(connection: AsyncConnection, version: str | None) -> None:
    """Refuse releases older than a version when they start; None: refuse none.  Raises UsageError if it is none."""
    if version is not None:
        try:
            Version(version)
        except InvalidVersion as error:
            raise UsageError(f"{version!r} should be a version, as in 1.2.0") from error
    await connection.execute(update(installation).values(min_version=version))


def older_than(least: str | None, found: Iterable[Node]) -> list[str]:
    """Return the names of nodes at work with a release older than `least`."""
    at_work = [node for node in found if node.state not in REMOVABLE]
    return [node.name for node in at_work if least is not None and Version(node.version) < Version(least)]


async def refuse_older(connection: AsyncConnection, version: str) -> None:
    """Raise ConfigError if a release is older than those that may start on this database."""
    least = await min_version(connection)
    if least is not None and Version(version) < Version(least):
        raise ConfigError(
            f"this is ingestd {version}, but the database is used by {least} or newer only "
            "(`ingestd nodes require`): upgrade ingestd on this machine"
        )
