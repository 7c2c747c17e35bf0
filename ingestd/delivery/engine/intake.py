"""Take in what a consumer is to get next: kills first, then what is to be tried again, then the next events."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ingestd.delivery.engine.item import Item
from ingestd.delivery.engine.lanes import Lanes
from ingestd.delivery.engine.rendering import Renderings
from ingestd.delivery.engine.selection import Selection
from ingestd.delivery.engine.tail import Tail
from ingestd.model.consumer import FailedMessage
from ingestd.model.event import KILLS, Event
from ingestd.renderers.forms.form import Form

#: Messages that are read at once, and below which others are read: a page takes a dozen statements, however many.
PAGE, LOW = 256, 64

#: Bytes of the messages of a page, as far as those of the page before tell: pages of large messages are smaller, except
#: the first one after smaller messages.  To read pages in slices, with a look at their bytes, took a fifth of the rate.
_PAGE_BYTES = 2_000_000

#: Kills that are queued at most.
_MOST_KILLS = 200

#: Events between the cursor and the last one that was taken in, at most: so many are delivered again, at worst, if the
#: process dies.
_AHEAD = 10_000

_NOT_KEPT = "the event is no longer kept (keep_events, keep_records)"


class Intake:
    """Fills the lanes of one consumer."""

    def __init__(
        self, lanes: Lanes, tail: Tail, renderings: Renderings, selection: Selection, form: Form, *, ordered: bool
    ) -> None:
        self._lanes = lanes
        self._tail = tail
        self._renderings = renderings
        self._selection = selection
        self._form = form
        self._ordered = ordered
        #: Messages of the next page.
        self._page = min(PAGE, 64)

    async def fill(self) -> None:
        """Take in what there is, up to the bounds of the lanes.  Raises CursorExpired or StoreError."""
        await self._tail.look()
        if not self._ordered:
            await self._take_kills()
        await self._take_due()
        await self._take_events()

    @property
    def has_more(self) -> bool:
        """Whether there is something to take in, and room for it."""
        lanes, end = self._lanes, self._tail.end
        if not self._ordered and lanes.kill_read < end and lanes.open_kills < _MOST_KILLS:
            return True
        due = lanes.rows.next_due
        if due is not None and due <= datetime.now(UTC) and lanes.queued < self._page:
            return True
        return lanes.read < self._limit and self._has_room

    @property
    def _limit(self) -> int:
        """Up to where the main lane may go: never beyond the kills that are known."""
        return self._tail.end if self._ordered else min(self._tail.end, self._lanes.kill_read)

    @property
    def _has_room(self) -> bool:
        lanes = self._lanes
        return lanes.queued < min(LOW, self._page) and not lanes.rows.is_full and lanes.read - lanes.cursor < _AHEAD

    async def _take_kills(self) -> None:
        lanes = self._lanes
        while lanes.kill_read < self._tail.end and lanes.open_kills < _MOST_KILLS:
            events, upto = await self._tail.kills_after(lanes.kill_read, self._tail.end, limit=self._page)
            killed = await self._tail.last_kills({event.record_id for event in events}, lanes.kill_read)
            lanes.add_kills(await self._items(events), upto, killed)

    async def _take_due(self) -> None:
        lanes = self._lanes
        while lanes.queued < self._page and (due := lanes.rows.due(datetime.now(UTC), self._page)):
            try:
                await self._take_rows(due)
            except BaseException:
                for row in due:
                    lanes.rows.schedule(row.record_id)
                raise

    async def _take_rows(self, rows: Sequence[FailedMessage]) -> None:
        by_number = {row.seq: row for row in rows}
        events = await self._tail.some(list(by_number))
        items = {item.seq: item for item in await self._items(events)}
        kept, now = {event.seq for event in events}, datetime.now(UTC)
        for seq, row in by_number.items():
            if seq not in kept:
                self._lanes.bury(row, now, _NOT_KEPT)
            elif seq not in items:
                self._lanes.drop(row, now)
            else:
                items[seq].row = row
                self._lanes.retry(items[seq])

    async def _take_events(self) -> None:
        lanes = self._lanes
        limit = self._limit
        while lanes.read < limit and self._has_room:
            events, upto = await self._tail.after(lanes.read, limit, limit=self._page)
            killed = await self._tail.last_kills({event.record_id for event in events}, lanes.read)
            left = [event for event in events if self._is_of_main_lane(event, killed)]
            lanes.add(await self._items(left), upto, killed, datetime.now(UTC))

    def _is_of_main_lane(self, event: Event, killed: dict[int, int]) -> bool:
        if event.kind in KILLS and not self._ordered:
            return False
        is_late = killed.get(event.record_id, 0) > event.seq and event.kind != "merged"
        self._lanes.totals.overtaken += is_late
        return not is_late

    async def _items(self, events: Sequence[Event]) -> list[Item]:
        """Return the messages about those of some events that match, rendered."""
        matching = await self._selection.matching(events) if events else []
        if not matching:
            return []
        contents = await self._renderings.render(matching, self._form, self._tail.epoch or "")
        items, size = [], 0
        for event in matching:
            item = Item(seq=event.seq, record_id=event.record_id, kind=event.kind)
            if isinstance(content := contents[event.seq], str):
                item.error = content
            else:
                item.content = content
                size += len(content.body)
            items.append(item)
        self._page = min(PAGE, max(1, _PAGE_BYTES * len(items) // max(size, 1)))
        return items
