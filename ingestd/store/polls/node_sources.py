"""Which sources a node may poll: those that belong to it, and those that belong to no node.

`polled_by` is the one place where this is decided.  Sites that need a login which this node lacks are left out by their
names (`policy.polling.login_sites`), as sites on hold are.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, String, bindparam, case, func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.source_tables import NOT_HTTP
from ingestd.store.schema.tables import sources
from ingestd.urls import without_userinfo

_c = sources.c

#: Parameter of prepared statements: the name of the node; None: only sources that belong to no node.
NODE: BindParameter[str | None] = bindparam("polling_node", type_=String(64))


def polled_by(node: Any) -> ColumnElement[bool]:
    """Return the condition that a node may poll a source; `node` is its name, `NODE`, or None for a nameless one."""
    return or_(_c.node.is_(None), _c.node == node)


async def remote_folders(connection: AsyncConnection) -> list[str]:
    """Return the URLs of the active drop folders on other hosts, which are sites of their own."""
    query = select(_c.url).where(NOT_HTTP, or_(_c.url.like("ftp%://%"), _c.url.like("sftp://%")), _c.state == "active")
    return list((await connection.execute(query)).scalars())


async def count_local_folders(connection: AsyncConnection) -> int:
    """Return the number of active drop folders on a disk that belong to no node: any node tries to read them."""
    query = select(func.count()).where(NOT_HTTP, _c.url.like("file:///%"), _c.state == "active", _c.node.is_(None))
    return int((await connection.execute(query)).scalar_one())


async def move(connection: AsyncConnection, node: str, other: str, *, now: datetime) -> int:
    """Give all sources of a node to another one, which polls them at once; returns how many."""
    due = case((_c.due_at.is_(None), null()), else_=now)
    moved = update(sources).where(_c.node == node).values(node=other, due_at=due)
    return (await connection.execute(moved)).rowcount


async def addresses_of(connection: AsyncConnection, node: str, *, limit: int) -> list[str]:
    """Return the URLs of the first sources of a node."""
    query = select(_c.url).where(_c.node == node, _c.state != "removed").order_by(_c.id).limit(limit)
    return [without_userinfo(url) for url in (await connection.execute(query)).scalars()]
