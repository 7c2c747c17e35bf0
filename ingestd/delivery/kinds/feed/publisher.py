"""Announce changes of a feed to its WebSub hub (W3C WebSub, 7; the request is that of PubSubHubbub 0.4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingestd.delivery.kinds.feed.settings import hub_refusal
from ingestd.delivery.kinds.kind import Opening, Receipt, Rendered, Sender
from ingestd.errors import EndpointDown, EndpointGone, FetchError, Refused, UsageError
from ingestd.renderers.feeds import FEED_RENDERERS
from ingestd.web.fetcher import Fetcher


@asynccontextmanager
async def open_publisher(opening: Opening) -> AsyncIterator[Sender]:
    """Open a sender that announces what changes; without a hub, one that does nothing."""
    settings, public_url = opening.settings, opening.operator.public_url
    if settings.hub is None:
        yield _Silent(opening.consumer.name)
        return
    reason = hub_refusal(settings, opening.operator)
    if reason or public_url is None:
        raise EndpointGone(f"{reason}; then resume the consumer")
    names = (renderer.name for renderer in FEED_RENDERERS)
    topics = tuple(f"{public_url}/feeds/{opening.consumer.name}.{name}" for name in names)
    yield Publisher(opening.fetcher, settings.hub, topics)


class _Silent:
    def __init__(self, name: str) -> None:
        self._name = name

    async def send(self, rendered: Rendered) -> Receipt:
        if rendered.is_example:
            raise UsageError(f"feed {self._name} has no hub, so nothing is sent: read it at /feeds/{self._name}.atom")
        return Receipt()


class Publisher:
    """Sender that tells a hub that its topics have changed: once for all messages that wait meanwhile."""

    def __init__(self, fetcher: Fetcher, hub: str, topics: tuple[str, ...]) -> None:
        self._fetcher = fetcher
        self._hub = hub
        self._topics = topics
        self._lock = asyncio.Lock()
        #: Messages that arrived, and how many of them the last announcement was about.
        self._arrived = 0
        self._announced = 0

    async def send(self, rendered: Rendered) -> Receipt:
        """Announce a change; return when the hub has taken an announcement that was made after it."""
        self._arrived += 1
        mine = self._arrived
        async with self._lock:
            if self._announced < mine:
                newest = self._arrived
                await self._announce()
                self._announced = newest
        return Receipt(done="the hub was told that the feed has changed" if rendered.is_example else None)

    async def _announce(self) -> None:
        for topic in self._topics:
            # `hub.topic` of PubSubHubbub 0.3 is `hub.url`: hubs take one or the other.
            form = {"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}
            try:
                await self._fetcher.post(self._hub, form)
            except FetchError as error:
                status = error.status if isinstance(error, Refused) else None
                retry_after = error.retry_after if isinstance(error, Refused) else None
                raise EndpointDown(f"hub: {error}", retry_after=retry_after, status=status) from error
