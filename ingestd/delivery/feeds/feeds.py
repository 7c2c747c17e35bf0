"""Feeds as they are served: rendered once for each change, within a limit of memory."""

import asyncio
import base64
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from ingestd import filters
from ingestd.delivery.consumer_settings import kind_settings
from ingestd.delivery.feeds.documents import Addresses, archive_document, current_document
from ingestd.delivery.feeds.index import FeedIndex
from ingestd.delivery.kinds.feed import KIND
from ingestd.delivery.kinds.feed.settings import FeedSettings
from ingestd.errors import Busy, NotFound
from ingestd.model.consumer import Consumer
from ingestd.renderers.feeds import FEED_RENDERERS
from ingestd.renderers.feeds.document import FeedDocument, FeedRenderer
from ingestd.store.consumers import consumers
from ingestd.store.database import Database

#: Feeds, by consumer and by filter of a token, that are kept up to date at once.
_MAX_INDEXES = 100
#: Bytes of rendered documents that are kept.
_MAX_BYTES = 16 * 2**20
_RENDERERS = {renderer.name: renderer for renderer in FEED_RENDERERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A document as it is sent."""

    body: bytes
    media_type: str
    #: With its quotation marks.
    etag: str
    updated: datetime
    hub: str | None
    self_url: str


@dataclass(slots=True)
class _Kept:
    index: FeedIndex
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


#: Consumer, its generation and the filter of the caller.
_Key = tuple[int, int, str]


class Feeds:
    """The feeds of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        #: (feed, its version, address) → document.
        self._documents: OrderedDict[tuple[_Key, int, str], Served] = OrderedDict()
        self._bytes = 0

    async def find(self, name: str) -> tuple[Consumer, FeedSettings]:
        """Return the consumer of a feed and its settings; raises NotFound."""
        async with self._database.read() as connection:
            consumer = await consumers.find(connection, name)
        if consumer.kind != "feed":
            raise NotFound(f"{name} is no feed: it is a consumer of the kind {consumer.kind}")
        settings = kind_settings(KIND, consumer.settings)
        assert isinstance(settings, FeedSettings)
        return consumer, settings

    async def document(
        self, consumer: Consumer, settings: FeedSettings, suffix: str, base: str, *, archive: str | None, of: str = ""
    ) -> Served:
        """Return a document of a feed.

        `suffix` is its format, `base` the address of all feeds, `archive` the name of an archive document; `of` is the
        filter of the caller, who sees what matches both.

        Raises NotFound, and Busy while an operator has paused the feed.
        """
        renderer = _RENDERERS.get(suffix)
        if renderer is None or (archive is not None and suffix != "atom"):
            raise NotFound(f"there is no such document; {consumer.name} is there as {', '.join(_RENDERERS)}")
        if consumer.state == "paused":
            raise Busy(f"{consumer.name} is paused")
        addresses = Addresses(base=base, name=consumer.name, suffix=suffix)
        key = (consumer.id, consumer.generation, of)
        kept = self._find_kept(key, consumer, settings)
        # One at a time for each feed: many requests after a change are one reading of the database.
        async with kept.lock:
            async with self._database.snapshot() as connection:
                index = kept.index
                await index.update(connection)
                version = index.changes if archive is None else index.withdrawals
                place = (key, version, f"{addresses.current} {index.epoch} {archive or ''}")
                if found := self._documents.get(place):
                    self._documents.move_to_end(place)
                    return found
                document = await (
                    current_document(connection, consumer, index, addresses)
                    if archive is None
                    else archive_document(connection, consumer, index, archive, addresses)
                )
            served = await asyncio.to_thread(_render, renderer, document)
            self._keep(place, served)
        return served

    def _find_kept(self, key: _Key, consumer: Consumer, settings: FeedSettings) -> _Kept:
        kept = self._kept.get(key)
        if kept is None:
            both = tuple(filters.parse(text) for text in (consumer.filter, key[2]))
            kept = self._kept[key] = _Kept(FeedIndex(filters=both, size=settings.size))
        self._kept.move_to_end(key)
        while len(self._kept) > _MAX_INDEXES:
            self._kept.popitem(last=False)
        return kept

    def _keep(self, key: tuple[_Key, int, str], served: Served) -> None:
        replaced = self._documents.pop(key, None)
        self._bytes += len(served.body) - (len(replaced.body) if replaced else 0)
        self._documents[key] = served
        while self._bytes > _MAX_BYTES:
            _, dropped = self._documents.popitem(last=False)
            self._bytes -= len(dropped.body)


def _render(renderer: FeedRenderer, document: FeedDocument) -> Served:
    body = renderer.render(document)
    return Served(
        body=body,
        media_type=renderer.media_type,
        etag=f'"{base64.urlsafe_b64encode(sha256(body).digest()[:18]).decode()}"',
        updated=document.updated,
        hub=document.hub,
        self_url=document.self_url,
    )
