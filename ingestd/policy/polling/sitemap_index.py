"""Refuse a sitemap index as a source: it lists sitemaps, so polls of it would bring nothing."""

from ingestd.errors import UnknownFormat
from ingestd.model.feed import Feed
from ingestd.urls import without_userinfo


def refuse_index(feed: Feed, url: str) -> None:
    """Raise UnknownFormat if a document lists sitemaps and no entries; the message names one of them."""
    if feed.children and not feed.entries:
        shown, first = without_userinfo(url), without_userinfo(feed.children[0][0])
        raise UnknownFormat(
            f"{shown} is a sitemap index, which has no entries of its own: name one of its sitemaps, such as {first}, "
            f"or read all of them once with `ingestd backfill sitemap {shown}`"
        )
