"""Saving of the versions of wire items that documents list."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.records import raws, wire_items
from ingestd.store.records.wire_versions import IncomingVersion
from ingestd.store.schema.tables import entries
from ingestd.store.statements import chunks


class Listed(NamedTuple):
    """The entries of a document."""

    source_id: int
    items: Sequence[ListedEntry]
    #: When it arrived.
    at: datetime
    raw: raws.ArchivedRaw | None
    #: The guids of entries whose newest version has its text by reference.
    by_reference: frozenset[str]


async def save_versions(connection: AsyncConnection, found: Sequence[Listed]) -> None:
    """Save the wire versions of documents, in order, and mark their entries done.

    An entry stays pending while the text of its newest version has to be fetched.
    """
    guids: dict[int, list[str]] = {}
    for one in found:
        guids.setdefault(one.source_id, []).extend(item.entry.guid for item in one.items if item.version)
    ids = {source_id: await ids_of(connection, source_id, some) for source_id, some in guids.items() if some}
    incoming = [
        IncomingVersion(
            version=item.version, source_id=one.source_id, entry_id=ids[one.source_id][item.entry.guid], at=one.at,
            raw=one.raw.sha256 if one.raw and one.raw.stored_size else None, url=item.entry.link,
        )
        for one in found
        for item in one.items
        if item.version
    ]  # fmt: skip
    if not incoming:
        return
    record_ids = await wire_items.save_versions(connection, incoming)
    for one in found:
        for guid in one.by_reference:
            record_ids.pop(ids.get(one.source_id, {}).get(guid, 0), None)
    await wire_items.mark_done(connection, record_ids)


async def ids_of(connection: AsyncConnection, source_id: int, guids: Sequence[str]) -> dict[str, int]:
    """Return the ids of a source's entries with these guids, by guid."""
    found: dict[str, int] = {}
    for some in chunks(sorted(set(guids))):
        query = select(entries.c.guid, entries.c.id).where(entries.c.source_id == source_id, entries.c.guid.in_(some))
        found.update((guid, entry_id) for guid, entry_id in await connection.execute(query))
    return found
