"""Documents of a feed: the feed itself, and its archive (RFC 5005, 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.delivery import messages
from ingestd.delivery.feeds import tombstones
from ingestd.delivery.feeds.index import RANGE, FeedIndex, in_range
from ingestd.errors import NotFound
from ingestd.model.consumer import Consumer
from ingestd.model.event import Event
from ingestd.model.item import Item
from ingestd.renderers.feeds.document import FeedDocument, Tombstone
from ingestd.renderers.record_items import item_of_record
from ingestd.store.events import event_log

#: Archive documents without an entry that are skipped, at most: each takes one look at its events.
_MAX_SKIPPED = 10
#: Characters of an epoch in the address of an archive document.
_EPOCH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Addresses of the documents of a feed in one format."""

    #: Of the directory of feeds, without "/" at its end.
    base: str
    name: str
    suffix: str

    @property
    def current(self) -> str:
        """Of the feed."""
        return f"{self.base}/{self.name}.{self.suffix}"

    def archive(self, epoch: str, first: int) -> str:
        """Of the archive document that begins with event `first`."""
        return f"{self.base}/{self.name}/{epoch[:_EPOCH]}-{first}.{self.suffix}"


def feed_id(consumer: Consumer) -> str:
    """Return the identifier of a feed, which stays the same until its consumer is removed."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'ingestd:feed:{consumer.name}:{consumer.created_at.isoformat()}')}"


async def current_document(
    connection: AsyncConnection, consumer: Consumer, index: FeedIndex, addresses: Addresses
) -> FeedDocument:
    """Return the feed: its newest entries, and what was withdrawn lately.

    `connection` is a snapshot in which the index was brought up to date.
    """
    epoch = index.epoch or ""
    events = list(reversed(index.entries.values()))
    items, _ = await _items(connection, events, epoch)
    deleted = await tombstones.newest(connection, index.filters)
    kept = await event_log.read_range(connection)
    return FeedDocument(
        id=feed_id(consumer),
        title=_title(consumer),
        self_url=addresses.current,
        updated=_newest(events, deleted, consumer.created_at),
        items=tuple(items),
        deleted=deleted,
        hub=consumer.settings.get("hub"),
        prev_archive=await _archive_before(connection, kept, kept.last // RANGE * RANGE + 1, index, addresses),
    )


async def archive_document(
    connection: AsyncConnection, consumer: Consumer, index: FeedIndex, name: str, addresses: Addresses
) -> FeedDocument:
    """Return the archive document whose address ends in `name`; raises NotFound.

    It has the version of each story from its range of events; what may not be shown any more is a tombstone there.
    """
    kept = await event_log.read_range(connection)
    first = _first_of(name, kept)
    events = list(reversed(await in_range(connection, first, index.filters)))
    items, gone = await _items(connection, events, kept.epoch)
    deleted = await tombstones.of_records(connection, gone, index.filters) if gone else ()
    after = first + RANGE
    return FeedDocument(
        id=feed_id(consumer),
        title=_title(consumer),
        self_url=addresses.archive(kept.epoch, first),
        updated=_newest(events, deleted, consumer.created_at),
        items=tuple(items),
        deleted=deleted,
        prev_archive=await _archive_before(connection, kept, first, index, addresses),
        next_archive=addresses.archive(kept.epoch, after) if after + RANGE - 1 <= kept.last else None,
        current=addresses.current,
    )


def _title(consumer: Consumer) -> str:
    return str(consumer.settings.get("title") or consumer.name)


async def _items(connection: AsyncConnection, events: Sequence[Event], epoch: str) -> tuple[list[Item], list[int]]:
    """Return the items of events whose records may be shown, and the records of the others."""
    items, gone = [], []
    for message in await messages.of_events(connection, events, epoch=epoch, records=True):
        if message.record is None or message.record.pubstatus != "usable":
            gone.append(message.event.record_id)
        else:
            items.append(item_of_record(message.record))
    return items, gone


def _newest(events: Sequence[Event], deleted: Sequence[Tombstone], otherwise: datetime) -> datetime:
    return max((*(event.at for event in events), *(one.when for one in deleted)), default=otherwise)


def _first_of(name: str, kept: event_log.LogRange) -> int:
    epoch, _, number = name.partition("-")
    if epoch != kept.epoch[:_EPOCH] or not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise NotFound("there is no such archive document; begin again with the feed itself")
    first = int(number)
    if first % RANGE != 1 or first + RANGE - 1 > kept.last or first + RANGE <= kept.first:
        raise NotFound("there is no such archive document, or its events are no longer kept (keep_events)")
    return first


async def _archive_before(
    connection: AsyncConnection,
    kept: event_log.LogRange,
    first: int,
    index: FeedIndex,
    addresses: Addresses,
) -> str | None:
    """Return the address of the archive document before the range that begins with event `first`.

    Documents without an entry are skipped; after some of them one is named all the same, and leads on.
    """
    if addresses.suffix != "atom":
        return None  # RFC 5005 has archives for Atom; JSON Feed and RSS readers follow none
    for number in range(1, _MAX_SKIPPED + 1):
        before = first - number * RANGE
        if before < 1 or before + RANGE <= kept.first:
            return None
        if number == _MAX_SKIPPED or await index.has_entries(connection, before):
            return addresses.archive(kept.epoch, before)
    return None
