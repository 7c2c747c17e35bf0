"""Rows for the raw bytes in the archive."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import raws
from ingestd.store.statements import insert_absent

#: What raw bytes are: a feed document, which serves only debugging and repair, or what a record was made from (a page,
#: an entry's own text, a document with wire items).
RawKind = Literal["feed", "page"]


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
    """Insert rows for bytes that the archive stored, unless they exist; None is skipped."""
    found = {item.sha256: item for item in archived if item and item.stored_size}
    rows = [
        {"sha256": item.sha256, "size": item.size, "stored_size": item.stored_size, "seen_at": now, "kind": kind}
        for item in found.values()
    ]
    await insert_absent(connection, raws, rows)
