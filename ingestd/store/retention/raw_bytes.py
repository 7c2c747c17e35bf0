"""Deletion of raw bytes: their rows first, then their documents in the archive.

A process that dies between the two leaves a document without a row, which costs space but names nothing that is
missing.  Whatever refers to deleted bytes keeps their hash: reading them then fails with "missing".
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.records.raws import RawKind
from ingestd.store.retention.batches import Deletion, Found, Position
from ingestd.store.schema.tables import raws

#: Deletes documents from the archive by their SHA-256; a missing one is passed over.
DeleteBodies = Callable[[Sequence[str]], Awaitable[object]]


def of_raws(kind: RawKind, before: datetime, delete_bodies: DeleteBodies) -> Deletion:
    """Return the deletion of the raw bytes of a kind that were first seen before a time, oldest first."""
    c = raws.c

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        query = select(c.seen_at, c.sha256).where(c.kind == kind, c.seen_at < before)
        if position:
            query = query.where(c.seen_at >= position[0], tuple_(c.seen_at, c.sha256) > tuple_(*position))
        rows = (await connection.execute(query.order_by(c.seen_at, c.sha256).limit(limit))).all()
        return Found(keys=[row.sha256 for row in rows], position=tuple(rows[-1]) if len(rows) == limit else None)

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], _: None) -> Sequence[Any]:
        statement = delete(raws).where(c.sha256.in_(keys)).returning(c.sha256)
        return (await connection.execute(statement)).scalars().all()

    async def delete_documents(keys: Sequence[Any]) -> None:
        await delete_bodies(keys)

    return Deletion(table=f"raws ({kind})", find=find, delete=delete_rows, after=delete_documents)
