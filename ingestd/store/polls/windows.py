"""Windows: the entries of the last document of each source, in one row.

An entry was last seen when the last document that listed it was read.  Its own row says so only once it has left the
window, so that a document of fifty known entries writes one row of some hundred bytes and not fifty of a kilobyte.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.polls import known_items
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.schema.tables import entries, windows
from ingestd.store.statements import chunks, execute_for_all

#: By how much the time may be late at which a push brought an entry again.  Hubs push whole feeds.
_PUSH_PRECISION = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The entries of the last document of a source that listed any."""

    at: datetime
    entry_ids: frozenset[int]
    #: Those of its items that need not be parsed again, as `known_items` encodes them.
    encoded_items: bytes | None = None

    @property
    def items(self) -> list[known_items.Item]:
        """Its items that need not be parsed again."""
        return known_items.decode(self.encoded_items)

    def last_seen_at(self, entry_id: int, otherwise: datetime) -> datetime:
        """Return when an entry was last seen, given what its own row says."""
        return max(self.at, otherwise) if entry_id in self.entry_ids else otherwise


_READ = select(windows).where(windows.c.source_id.in_(bindparam("source_ids", expanding=True)))


async def read(connection: AsyncConnection, source_ids: Collection[int]) -> dict[int, Window]:
    """Return the windows of sources by source id; a source of which no document was read has none."""
    found: dict[int, Window] = {}
    for some in chunks(sorted(source_ids)):
        for row in await connection.execute(_READ, {"source_ids": some}):
            found[row.source_id] = Window(at=row.at, entry_ids=decode(row.entry_ids), encoded_items=row.items)
    return found


async def save(
    connection: AsyncConnection, poll_results: Sequence[PollResult], added: Mapping[tuple[int, str], int]
) -> dict[int, Window]:
    """Save the windows of polls, and in the rows of entries that left a window when they were last seen.

    `added` has the ids of entries that were added with the polls, by source and guid.  Returns the windows by source.
    """
    poll_results = [poll for poll in poll_results if poll.listed or poll.outcome == "pushed"]
    if not poll_results:
        return {}
    found = await read(connection, {poll.source.id for poll in poll_results})
    left: list[tuple[int, datetime, datetime]] = []
    changed: dict[int, Window] = {}
    for poll in poll_results:
        window = found.get(poll.source.id)
        if poll.outcome == "pushed":
            again = frozenset((await _ids(connection, poll, poll.seen_again, added)).values())
            outside = again - window.entry_ids if window else again
            left += ((entry_id, poll.at, poll.at - _PUSH_PRECISION) for entry_id in outside)
        else:
            guids = {*poll.seen_again, *(item.entry.guid for item in poll.new)}
            ids_by_guid = await _ids(connection, poll, guids, added)
            ids = frozenset(ids_by_guid.values())
            if window and window.at == poll.at:
                ids |= window.entry_ids  # another page of the same document
            elif window:
                left += ((entry_id, window.at, window.at) for entry_id in window.entry_ids - ids)
            items = known_items.with_ids(poll.items, ids_by_guid)
            if window and window.at == poll.at:
                items = known_items.with_others(items, window.items)  # of the earlier pages
                items = items if poll.keeps_claim else known_items.latest_of(items, ids)
            elif window and poll.keeps_claim:
                # The next pages are compared with those of the last poll, but not of the polls before.
                items = known_items.with_others(items, known_items.latest_of(window.items, window.entry_ids))
            window = Window(at=poll.at, entry_ids=ids, encoded_items=known_items.encode(items))
            found[poll.source.id] = changed[poll.source.id] = window
    if left:
        rows = [{"entry": entry_id, "at": at, "known_until": until} for entry_id, at, until in sorted(left)]
        await execute_for_all(connection, _SEEN, rows)
    await _write(connection, changed)
    return found


_SEEN = (
    update(entries)
    .where(entries.c.id == bindparam("entry"), entries.c.last_seen_at < bindparam("known_until"))
    .values(last_seen_at=bindparam("at"))
)


async def _ids(
    connection: AsyncConnection, poll: PollResult, guids: Collection[str], added: Mapping[tuple[int, str], int]
) -> dict[str, int]:
    """Return the ids of entries of a poll, which are all saved, by guid."""
    source_id = poll.source.id
    known = {guid: poll.seen_again.get(guid) or added.get((source_id, guid)) for guid in guids}
    found = {guid: entry_id for guid, entry_id in known.items() if entry_id}
    # Others added them meanwhile, or a result of the same push.
    for some in chunks(sorted(known.keys() - found.keys())):
        query = select(entries.c.guid, entries.c.id).where(entries.c.source_id == source_id, entries.c.guid.in_(some))
        found.update((guid, entry_id) for guid, entry_id in await connection.execute(query))
    return found


async def _write(connection: AsyncConnection, found: dict[int, Window]) -> None:
    if not found:
        return
    rows = [
        {"source_id": source_id, "entry_ids": encode(window.entry_ids), "at": window.at, "items": window.encoded_items}
        for source_id, window in sorted(found.items())
    ]
    await execute_for_all(connection, _upsert(connection.dialect.name), rows)


@cache
def _upsert(dialect: str) -> Any:
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(windows)
    return statement.on_conflict_do_update(
        index_elements=[windows.c.source_id],
        set_={name: statement.excluded[name] for name in ("entry_ids", "at", "items")},
    )


def encode(entry_ids: Iterable[int]) -> bytes:
    """Encode ids: sorted, each as the difference to the one before, in 7 bits a byte, low ones first (LEB128)."""
    encoded, last = bytearray(), 0
    for entry_id in sorted(entry_ids):
        rest, last = entry_id - last, entry_id
        while rest > 0x7F:
            encoded.append(rest & 0x7F | 0x80)
            rest >>= 7
        encoded.append(rest)
    return bytes(encoded)


def decode(encoded: bytes) -> frozenset[int]:
    """Return the ids that `encode` encoded."""
    found, last, rest, shift = [], 0, 0, 0
    for byte in encoded:
        rest |= (byte & 0x7F) << shift
        shift += 7
        if byte <= 0x7F:
            last += rest
            found.append(last)
            rest = shift = 0
    return frozenset(found)
