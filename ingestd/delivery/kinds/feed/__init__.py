"""Consumers of the kind `feed`: what matches is published again, as a feed at /feeds/NAME.

The feed itself is made of the event log when it is asked for (`delivery.feeds`).  What is sent is the announcement to
a WebSub hub, if one is configured.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingestd.delivery.kinds.feed.settings import FeedSettings
from ingestd.delivery.kinds.kind import Kind, Opening, Sender


@asynccontextmanager
async def open_feed(opening: Opening) -> AsyncIterator[Sender]:
    """Open a sender that announces what changes; without a hub, one that does nothing."""
    from ingestd.delivery.kinds.feed.publisher import open_publisher

    async with open_publisher(opening) as sender:
        yield sender


KIND = Kind(name="feed", settings=FeedSettings, open=open_feed, concurrency=64)
