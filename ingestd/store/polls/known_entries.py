"""The entries of a source that earlier polls stored, for a poll to compare its document with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.polls import windows
from ingestd.store.polls.known_items import check_of
from ingestd.store.schema.tables import entries
from ingestd.store.statements import chunks


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """The state of an entry as earlier polls stored it."""

    #: None: it is stored in the same transaction as what asks for it.
    id: int | None
    fingerprint: str
    first_seen_at: datetime
    last_seen_at: datetime
    #: Whether it is pending work of a backfill.
    waits_in_backfill: bool = False


_COLUMNS = (
    entries.c.id, entries.c.guid, entries.c.fingerprint, entries.c.first_seen_at, entries.c.last_seen_at,
    ((entries.c.state == "pending") & entries.c.backfill_id.is_not(None)).label("waits"),
)  # fmt: skip
_OF_SOURCE = entries.c.source_id == bindparam("source_id")
_BY_GUID = select(*_COLUMNS).where(_OF_SOURCE, entries.c.guid.in_(bindparam("guids", expanding=True)))
_BY_ID = select(*_COLUMNS).where(_OF_SOURCE, entries.c.id.in_(bindparam("ids", expanding=True)))


async def known_entries(connection: AsyncConnection, source_id: int, guids: Sequence[str]) -> dict[str, KnownEntry]:
    """Return the known entries of a source among `guids`, by guid."""
    rows: list[Any] = []
    for some in chunks(guids):
        rows += await connection.execute(_BY_GUID, {"source_id": source_id, "guids": some})
    window = (await windows.read(connection, [source_id])).get(source_id) if rows else None
    return {row[1]: _known(row, window) for row in rows}


async def known_items(connection: AsyncConnection, source_id: int) -> dict[bytes, tuple[str, KnownEntry]]:
    """Return the guids and the entries of the items of the last document of a source, by the hashes of the items.

    Items whose entry was changed since, or deleted, are left out.
    """
    window = (await windows.read(connection, [source_id])).get(source_id)
    items = window.items if window else []
    rows: dict[int, Any] = {}
    for some in chunks([item.entry_id for item in items]):
        found = await connection.execute(_BY_ID, {"source_id": source_id, "ids": some})
        rows.update((row[0], row) for row in found)
    return {
        item.item_hash: (row[1], _known(row, window))
        for item in items
        if (row := rows.get(item.entry_id)) and check_of(row[1], row[2]) == item.check
    }


def _known(row: Any, window: windows.Window | None) -> KnownEntry:
    entry_id, _, fingerprint, first_seen_at, last_seen_at, waits = row
    last = window.last_seen_at(entry_id, last_seen_at) if window else last_seen_at
    return KnownEntry(
        id=entry_id, fingerprint=fingerprint, first_seen_at=first_seen_at, last_seen_at=last, waits_in_backfill=waits
    )
