"""Rows for the raw bytes in the archive."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, Protocol

from sqlalchemy import bindparam, case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import raws

#: What raw bytes are: a feed document, which serves only debugging and repair, or what a record was made from (a page,
#: an entry's own text, a document with wire items).
RawKind = Literal["feed", "page"]

#: By how much `seen_at` may be older than the last time that bytes were stored: the same bytes come often.
SEEN_PRECISION = timedelta(days=1)


class ArchivedRaw(Protocol):
    """Raw bytes as the archive stored them; a protocol, since `archive` and `store` do not import each other."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""

    @property
    def size(self) -> int:
        """Their number of bytes."""

    @property
    def stored_size(self) -> int:
        """Number of bytes compressed; 0: the archive is off."""


async def add(
    connection: AsyncConnection, archived: Iterable[ArchivedRaw | None], *, kind: RawKind, now: datetime
) -> None:
    """Insert rows for bytes that the archive stored; None is skipped.

    Bytes that have a row were stored again: they are kept from now on, and as a page if they are one for somebody.
    """
    found = {item.sha256: item for item in archived if item and item.stored_size}
    rows = [
        {"sha256": item.sha256, "size": item.size, "stored_size": item.stored_size, "seen_at": now, "kind": kind,
         "stale": now - SEEN_PRECISION}
        for item in found.values()
    ]  # fmt: skip
    if not rows:
        return
    # Sorted, so that two transactions lock rows in the same order.
    rows.sort(key=lambda row: str(row["sha256"]))
    await connection.execute(_upsert(connection.dialect.name), rows)


@cache
def _upsert(dialect: str) -> Any:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(raws)
    new = insert.excluded
    is_new_kind = (new.kind == "page") & (raws.c.kind == "feed")
    return insert.on_conflict_do_update(
        index_elements=["sha256"],
        set_={
            "seen_at": case((raws.c.seen_at < new.seen_at, new.seen_at), else_=raws.c.seen_at),
            "kind": case((is_new_kind, "page"), else_=raws.c.kind),
        },
        where=(raws.c.seen_at < bindparam("stale")) | is_new_kind,
    )
