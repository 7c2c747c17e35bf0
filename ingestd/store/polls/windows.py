"""Windows: the entries of the last document of each source, in one row.

An entry was last seen when the last document that listed it was read.  Its own row says so only once it has left the
window, so that a document of fifty known entries writes one row of some hundred bytes and not fifty of a kilobyte.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.polls.poll_result import PollResult
from ingestd.store.schema.tables import entries, windows
from ingestd.store.statements import chunks

#: By how much the time may be late at which a push brought an entry again.  Hubs push whole feeds.
_PUSH_PRECISION = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The entries of the last document of a source that listed any."""

    at: datetime
    entry_ids: frozenset[int]

    def last_seen_at(self, entry_id: int, otherwise: datetime) -> datetime:
        """Return when an entry was last seen, given what its own row says."""
        return max(self.at, otherwise) if entry_id in self.entry_ids else otherwise


async def read(connection: AsyncConnection, source_ids: Collection[int]) -> dict[int, Window]:
    """Return the windows of sources by source id; a source of which no document was read has none."""
    found: dict[int, Window] = {}
    for some in chunks(sorted(source_ids)):
        for row in await connection.execute(select(windows).where(windows.c.source_id.in_(some))):
            found[row.source_id] = Window(at=row.at, entry_ids=decode(row.entry_ids))
    return found


async def save(connection: AsyncConnection, poll_results: Sequence[PollResult]) -> None:
    """Save the windows of polls, and in the rows of entries that left a window when they were last seen.

    The entries of the polls are saved already.
    """
    poll_results = [poll for poll in poll_results if poll.listed or poll.outcome == "pushed"]
    if not poll_results:
        return
    before = await read(connection, {poll.source.id for poll in poll_results})
    left: dict[datetime, set[int]] = {}
    changed: dict[int, Window] = {}
    for poll in poll_results:
        window = changed.get(poll.source.id, before.get(poll.source.id))
        if poll.outcome == "pushed":
            await _save_pushed(connection, poll, window)
        else:
            ids = await _ids(connection, poll.source.id, {*poll.seen_again, *(item.entry.guid for item in poll.new)})
            if window and window.at == poll.at:
                ids |= window.entry_ids  # another page of the same document
            elif window:
                left.setdefault(window.at, set()).update(window.entry_ids - ids)
            changed[poll.source.id] = Window(at=poll.at, entry_ids=ids)
    for at, ids_left in left.items():
        await _save_last_seen(connection, sorted(ids_left), at, known_until=at)
    await _write(connection, changed)


async def _save_pushed(connection: AsyncConnection, poll: PollResult, window: Window | None) -> None:
    again = await _ids(connection, poll.source.id, set(poll.seen_again))
    outside = sorted(again - window.entry_ids if window else again)
    await _save_last_seen(connection, outside, poll.at, known_until=poll.at - _PUSH_PRECISION)


async def _save_last_seen(
    connection: AsyncConnection, entry_ids: Sequence[int], at: datetime, *, known_until: datetime
) -> None:
    for some in chunks(entry_ids):
        stale = entries.c.id.in_(some) & (entries.c.last_seen_at < known_until)
        await connection.execute(update(entries).where(stale).values(last_seen_at=at))


async def _write(connection: AsyncConnection, found: dict[int, Window]) -> None:
    if not found:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(windows)
    statement = statement.on_conflict_do_update(
        index_elements=[windows.c.source_id],
        set_={"entry_ids": statement.excluded.entry_ids, "at": statement.excluded.at},
    )
    rows = [
        {"source_id": source_id, "entry_ids": encode(found[source_id].entry_ids), "at": found[source_id].at}
        for source_id in sorted(found)
    ]
    await connection.execute(statement, rows)


async def _ids(connection: AsyncConnection, source_id: int, guids: Collection[str]) -> frozenset[int]:
    found: set[int] = set()
    for some in chunks(sorted(guids)):
        query = select(entries.c.id).where(entries.c.source_id == source_id, entries.c.guid.in_(some))
        found.update((await connection.execute(query)).scalars())
    return frozenset(found)


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
