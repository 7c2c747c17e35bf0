"""Consumers of the kind `feed`: what matches is published again, as a feed at /feeds/NAME.

The feed itself is made of the event log when it is asked for (`delivery.feeds`).  What is sent is the announcement to
a WebSub hub, if one is configured.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from ingestd.delivery.kinds.feed.settings import FeedSettings, hub_refusal
from ingestd.delivery.kinds.kind import Kind, Opening, Sender
from ingestd.settings import Settings
from ingestd.web.connection.guard import Guard


@asynccontextmanager
async def open_feed(opening: Opening) -> AsyncIterator[Sender]:
    """Open a sender that announces what changes; without a hub, one that does nothing."""
    from ingestd.delivery.kinds.feed.publisher import open_publisher

    async with open_publisher(opening) as sender:
        yield sender


def _refusal(settings: FeedSettings, _form: str, operator: Settings) -> str | None:
    if settings.hub is None:
        return None
    blocked = Guard(operator.allow_networks).blocked_host(urlsplit(settings.hub).hostname or "")
    reason = hub_refusal(settings, operator) or blocked
    return f"setting 'hub': {reason}" if reason else None


# A hub is told that the feed has changed, and not how: what is rendered for it is not sent.
KIND = Kind(
    name="feed",
    settings=FeedSettings,
    open=open_feed,
    refusal=_refusal,
    form="thin",
    concurrency=64,
    next_step="the feed is at /feeds/{name}.atom, .rss, .json and .ninjs of the daemon",
)
