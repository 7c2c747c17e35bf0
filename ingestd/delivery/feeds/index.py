"""Which records a feed has: found once, back from the end of the log, then kept up to date with new events."""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.filters import Filter
from ingestd.model.event import Event, EventKind
from ingestd.store.consumers import candidates
from ingestd.store.consumers.former import WITHDRAWALS
from ingestd.store.events import event_log

#: Events that put a version of a record into a feed.
PUBLISHED: frozenset[EventKind] = frozenset(("new", "revised", "corrected", "released"))

#: Events of an archive document; fixed, since its address and its content must stay the same.
RANGE = 250
#: Events that are read at once: a filter may need their texts, and takes 0.3 ms for each.
_BATCH = 100
#: Events from the end of the log that are searched for the first entries of a feed, at most.
_MAX_SEARCHED = 10_000
#: Archive documents of which is remembered whether they have an entry.
_MAX_REMEMBERED = 10_000


@dataclass(slots=True)
class FeedIndex:
    """The newest records of a feed, by the event that put them into it.

    It may lag behind a withdrawal that is committed meanwhile: who writes the records down looks at each again.
    """

    filters: tuple[Filter, ...]
    size: int
    #: Record → event, the newest last.
    entries: dict[int, Event] = field(default_factory=dict)
    #: The epoch and the number of the last event that was read; None: none was.
    epoch: str | None = None
    seq: int = 0
    #: Changes since the index was made: of entries, and of what was withdrawn, released or corrected in any document.
    changes: int = 0
    withdrawals: int = 0
    #: Whether there are older entries, which come back when newer ones are withdrawn.
    is_cut: bool = False
    #: First event of an archive document → whether the document has an entry, which does not change.
    _filled: dict[int, bool] = field(default_factory=dict)

    async def update(self, connection: AsyncConnection) -> None:
        """Read the events since the last time; the first time, find the newest entries."""
        kept = await event_log.read_range(connection)
        if self.epoch != kept.epoch or not kept.first - 1 <= self.seq <= kept.last:
            await self._build(connection, kept)
        while self.seq < kept.last:
            kinds = _kinds(self.filters)
            batch = await event_log.read_after(connection, self.seq, limit=_BATCH, kinds=kinds)
            for event in await matching(connection, batch.events, self.filters):
                self._add(event)
            self.seq = batch.after
        if self.is_cut and len(self.entries) < self.size:
            await self._build(connection, kept)
        self._forget_old(kept.last)

    def _add(self, event: Event) -> None:
        if event.kind in WITHDRAWALS:
            self.entries.pop(event.record_id, None)
            self.withdrawals += 1
        elif event.kind == "joined" and event.record_id in self.entries:
            return
        else:
            self.entries.pop(event.record_id, None)
            self.entries[event.record_id] = event
            self.withdrawals += event.kind == "released"
        self.changes += 1

    def _forget_old(self, last: int) -> None:
        """Drop what is beyond the size, but nothing that no archive document has yet."""
        archived = last // RANGE * RANGE
        for record_id in [*self.entries][: max(0, len(self.entries) - self.size)]:
            if self.entries[record_id].seq > archived:
                break
            del self.entries[record_id]
            self.is_cut = True

    async def has_entries(self, connection: AsyncConnection, first: int) -> bool:
        """Return whether the archive document that begins with event `first` has an entry, perhaps a tombstone."""
        if first not in self._filled:
            if len(self._filled) == _MAX_REMEMBERED:
                self._filled.clear()
            self._filled[first] = bool(await in_range(connection, first, self.filters))
        return self._filled[first]

    async def _build(self, connection: AsyncConnection, kept: event_log.LogRange) -> None:
        found: dict[int, Event | None] = {}
        entries, top = 0, kept.last
        archived = kept.last // RANGE * RANGE
        while top >= kept.first and kept.last - top < _MAX_SEARCHED and (entries < self.size or top > archived):
            bottom = max(top - _BATCH, kept.first - 1)
            for event in reversed(await _between(connection, bottom, top, self.filters)):
                known = found.get(event.record_id, event)
                if event.record_id not in found:
                    found[event.record_id] = None if event.kind in WITHDRAWALS else event
                    entries += event.kind not in WITHDRAWALS
                elif known and known.kind == "joined" and event.kind not in WITHDRAWALS:
                    # It stands where its version does, not where its story was found.
                    del found[event.record_id]
                    found[event.record_id] = event
            top = bottom
        newest = sorted((event for event in found.values() if event), key=lambda event: event.seq)
        self.entries = {event.record_id: event for event in newest}
        if self.epoch != kept.epoch:
            self._filled.clear()
        self.epoch, self.seq = kept.epoch, kept.last
        self.is_cut = entries >= self.size and top >= kept.first
        self.changes += 1
        self.withdrawals += 1


def _kinds(filters: tuple[Filter, ...]) -> tuple[EventKind, ...]:
    """Return the kinds of events that change what is in a feed.

    A record is placed in a story after its save: if a filter asks for a story, `joined` puts a record into the feed
    that is not in it yet.
    """
    of_stories: frozenset[EventKind] = frozenset(("joined",) if any("stories" in one.fields for one in filters) else ())
    return tuple(sorted(PUBLISHED | WITHDRAWALS | of_stories))


async def _between(connection: AsyncConnection, after: int, last: int, filters: tuple[Filter, ...]) -> list[Event]:
    kinds = _kinds(filters)
    batch = await event_log.read_after(connection, after, limit=max(1, last - after), kinds=kinds)
    return await matching(connection, [event for event in batch.events if event.seq <= last], filters)


async def in_range(connection: AsyncConnection, first: int, filters: tuple[Filter, ...]) -> list[Event]:
    """Return the events of the archive document that begins with event `first`: the newest of each record, in order."""
    newest: dict[int, Event] = {}
    kept = await event_log.read_range(connection)
    for event in await _between(connection, max(first, kept.first) - 1, first + RANGE - 1, filters):
        known = newest.get(event.record_id)
        if event.kind not in WITHDRAWALS and not (event.kind == "joined" and known):
            newest.pop(event.record_id, None)
            newest[event.record_id] = event
    return list(newest.values())


async def matching(
    connection: AsyncConnection, events: list[Event] | tuple[Event, ...], filters: tuple[Filter, ...]
) -> list[Event]:
    """Return the events that all filters let through."""
    asked = [one for one in filters if one.expression is not None]
    if not asked or not events:
        return list(events)
    fields = frozenset[str]().union(*(one.fields for one in asked))
    seen = await candidates.read(connection, events, fields, by_revisions=True)
    return [event for event, one in zip(events, seen, strict=True) if all(f.matches(one) for f in asked)]
