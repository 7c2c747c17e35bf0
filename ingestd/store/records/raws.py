"""What the archive holds, as rows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import raws
from ingestd.store.statements import insert_absent


class Kept(Protocol):
    """Bytes that the archive has taken; `archive.Kept` is one."""

    @property
    def sha256(self) -> str:
        """The hash of the bytes, in hexadecimal."""

    @property
    def size(self) -> int:
        """Their number."""

    @property
    def stored_size(self) -> int:
        """How many bytes they take compressed; 0 when the archive is off."""


async def add(connection: AsyncConnection, kept: Iterable[Kept | None], *, now: datetime) -> None:
    """Enter what the archive has stored; what is entered already stays as it is."""
    found = {item.sha256: item for item in kept if item and item.stored_size}
    rows = [
        {"sha256": item.sha256, "size": item.size, "stored_size": item.stored_size, "seen_at": now}
        for item in found.values()
    ]
    await insert_absent(connection, raws, rows)
