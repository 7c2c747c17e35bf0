"""Deletion of raw bytes: their rows first, then their documents in the archive.

A process that dies between the two leaves a document without a row, which costs space but names nothing that is
missing.  Whatever refers to deleted bytes keeps their hash: reading them then fails with "missing".
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.records.raws import RawKind
from ingestd.store.retention.batches import Deletion, Found, Position
from ingestd.store.schema.tables import raws

#: Bytes stored later than this before now stay whatever the limit.  Whoever has stored bytes may not have committed yet
#: what refers to them, for minutes; the archive knows the day of its files, and a row is up to a day older than that.
LEAST_KEPT = timedelta(days=5)

#: The archive deletes what it was last given more than this before now: less than LEAST_KEPT, so that what a row has
#: kept goes with the row, and more than the longest commit.
LAST_PUT_BEFORE = timedelta(days=2)

#: Deletes documents from the archive by their SHA-256; a missing one is passed over, and one stored lately stays.
DeleteBodies = Callable[[Sequence[str]], Awaitable[object]]


def of_raws(kind: RawKind, before: datetime, delete_bodies: DeleteBodies) -> Deletion:
    """Return the deletion of the raw bytes of a kind last seen before a time, oldest first."""
    c = raws.c

    async def find(connection: AsyncConnection, position: Position | None, limit: int) -> Found:
        query = select(c.seen_at, c.sha256).where(c.kind == kind, c.seen_at < before)
        if position:
            query = query.where(c.seen_at >= position[0], tuple_(c.seen_at, c.sha256) > tuple_(*position))
        rows = (await connection.execute(query.order_by(c.seen_at, c.sha256).limit(limit))).all()
        return Found(keys=[row.sha256 for row in rows], position=tuple(rows[-1]) if len(rows) == limit else None)

    async def delete_rows(connection: AsyncConnection, keys: Sequence[Any], _: None) -> Sequence[Any]:
        # They may have been stored again since they were found.
        # SQLite would look through all old rows of the kind instead of the keys, by the index on its column.
        is_old = (c.kind.concat("") == kind) & (c.seen_at < before)
        statement = delete(raws).where(c.sha256.in_(keys), is_old).returning(c.sha256)
        return (await connection.execute(statement)).scalars().all()

    async def delete_documents(keys: Sequence[Any]) -> None:
        await delete_bodies(keys)

    return Deletion(table=f"raws ({kind})", find=find, delete=delete_rows, after=delete_documents)
