"""Discover sources: the feeds that a page links to, and OPML lists of feeds."""

from ingestd.discovery.feed_links import FoundFeed, feed_links
from ingestd.discovery.opml import Outline, read_opml, write_opml

__all__ = ["FoundFeed", "Outline", "feed_links", "read_opml", "write_opml"]
