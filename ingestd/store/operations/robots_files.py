"""Cache of robots.txt files, shared by all processes on this database."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import robots_files
from ingestd.store.statements import insert_absent


async def find(connection: AsyncConnection, origin: str) -> dict[str, Any] | None:
    """Return the row of an origin, or None if there is none."""
    query = select(robots_files).where(robots_files.c.origin == origin)
    row = (await connection.execute(query)).mappings().first()
    return dict(row) if row else None


async def keep(connection: AsyncConnection, **file: Any) -> None:
    """Insert a file (columns of `robots_files`), replacing the origin's earlier one."""
    await connection.execute(delete(robots_files).where(robots_files.c.origin == file["origin"]))
    await insert_absent(connection, robots_files, [file])  # another process may have inserted it meanwhile
