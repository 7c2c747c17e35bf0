"""Deletion of what is learned or fetched again when it is needed: robots.txt files, habits of sites, their manners."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.retention.batches import Deletion, Found, Position
from ingestd.store.schema.tables import manners, robots_files, sites


def of_robots_files(before: datetime) -> Deletion:
    """Return the deletion of cached robots.txt files that expired before a time."""
    return _by_key(robots_files, robots_files.c.origin, robots_files.c.until, before)


def of_sites(before: datetime) -> Deletion:
    """Return the deletion of the habits of sites without a new article since a time."""
    return _by_key(sites, sites.c.site, sites.c.updated_at, before)


def of_manners(before: datetime, *, now: datetime) -> Deletion:
    """Return the deletion of the manners at sites that nobody has asked since a time, once no hold is in force."""
    is_free = manners.c.run_id.is_(None) & (func.coalesce(manners.c.held_until, before) < now)
    is_free &= func.coalesce(manners.c.failing_until, before) < now
    return _by_key(manners, manners.c.site, manners.c.next_at, before, is_free)


def _by_key(
    table: Table, key: Column[str], at: Column[Any], before: datetime, also: ColumnElement[bool] | None = None
) -> Deletion:
    is_old = at < before if also is None else (at < before) & also

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        query = select(key).where(is_old).order_by(key).limit(limit)
        if position:
            query = query.where(key > position[0])
        keys = (await connection.execute(query)).scalars().all()
        return Found(keys=keys, position=(keys[-1],) if len(keys) == limit else None)

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], _: None) -> Sequence[Any]:
        # They may have been fetched or learned again since they were found.
        statement = delete(table).where(key.in_(keys), is_old)
        return (await connection.execute(statement.returning(key))).scalars().all()

    return Deletion(table=table.name, find=find, delete=delete_rows)
