"""Render feeds: lists of items that readers poll.

Each format is one module here, exports `RENDERER` and has a line in FEED_RENDERERS.
"""

from ingestd.renderers.feeds import atom, json_feed, ninjs_list, rss
from ingestd.renderers.feeds.document import FeedRenderer

#: All formats of feeds; their names are the suffixes of URLs.
FEED_RENDERERS: tuple[FeedRenderer, ...] = (atom.RENDERER, rss.RENDERER, json_feed.RENDERER, ninjs_list.RENDERER)
