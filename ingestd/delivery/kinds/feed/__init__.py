"""Consumers of the kind `feed`: what matches is published again, as a feed at /feeds/NAME.

The feed itself is made of the event log when it is asked for (`delivery.feeds`).  What is sent is the announcement to
a WebSub hub, if one is configured.
"""

from ingestd.delivery.kinds.feed.publisher import open_publisher
from ingestd.delivery.kinds.feed.settings import FeedSettings
from ingestd.delivery.kinds.kind import Kind

KIND = Kind(name="feed", settings=FeedSettings, open=open_publisher, concurrency=64)
