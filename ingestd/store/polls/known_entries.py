"""The entries of a source that earlier polls stored, for a poll to compare its document with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.polls import windows
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


_KNOWN = select(
    entries.c.id, entries.c.guid, entries.c.fingerprint, entries.c.first_seen_at, entries.c.last_seen_at,
    ((entries.c.state == "pending") & entries.c.backfill_id.is_not(None)).label("waits"),
).where(
    entries.c.source_id == bindparam("source_id"), entries.c.guid.in_(bindparam("guids", expanding=True))
)  # fmt: skip


async def known_entries(connection: AsyncConnection, source_id: int, guids: Sequence[str]) -> dict[str, KnownEntry]:
    """Return the known entries of a source among `guids`, by guid."""
    found: dict[str, KnownEntry] = {}
    window = (await windows.read(connection, [source_id])).get(source_id) if guids else None
    for some in chunks(guids):
        rows = await connection.execute(_KNOWN, {"source_id": source_id, "guids": some})
        for entry_id, guid, fingerprint, first_seen_at, last_seen_at, waits in rows:
            found[guid] = KnownEntry(
                id=entry_id, fingerprint=fingerprint, first_seen_at=first_seen_at,
                last_seen_at=window.last_seen_at(entry_id, last_seen_at) if window else last_seen_at,
                waits_in_backfill=waits,
            )  # fmt: skip
    return found
