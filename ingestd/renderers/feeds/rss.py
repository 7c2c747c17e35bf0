"""RSS 2.0 (rssboard.org/rss-specification), with full texts (content:encoded) and Dublin Core.

RSS has no way to say that an item was deleted: a killed one is left out.
"""

from datetime import UTC
from email.utils import format_datetime

from lxml import etree

from ingestd.model.item import Item
from ingestd.renderers.feeds.document import (
    FeedDocument,
    FeedRenderer,
    html_of,
    link_of,
    names_of,
    rights_of,
    topics_of,
)
from ingestd.renderers.xml_writer import Element, add, add_if, document, instant

MEDIA_TYPE = "application/rss+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"
_TERMS = "http://purl.org/dc/terms/"


def render(feed: FeedDocument) -> bytes:
    """Return a feed as RSS 2.0; guids are written as they are, and are no links."""
    root = etree.Element("rss", {"version": "2.0"}, {"atom": _ATOM, "content": _CONTENT, "dc": _DC, "dcterms": _TERMS})
    channel = add(root, "channel")
    add(channel, "title", feed.title)
    add(channel, "link", feed.self_url)
    add(channel, "description", feed.title)
    add(channel, "lastBuildDate", format_datetime(feed.updated.astimezone(UTC)))
    add(channel, "generator", "ingestd")
    add(channel, f"{{{_ATOM}}}link", rel="self", href=feed.self_url, type=MEDIA_TYPE)
    if feed.hub:
        add(channel, f"{{{_ATOM}}}link", rel="hub", href=feed.hub)
    for item in feed.items:
        _add_item(channel, item)
    return document(root)


def _add_item(channel: Element, item: Item) -> None:
    element = add(channel, "item")
    add(element, "title", item.headline)
    add_if(element, "link", link_of(item))
    add(element, "guid", item.guid, isPermaLink="false")
    if published := item.firstcreated or item.versioncreated:
        add(element, "pubDate", format_datetime(published.astimezone(UTC)))
    if item.versioncreated:
        add(element, f"{{{_TERMS}}}modified", instant(item.versioncreated))
    for name in names_of(item):
        add(element, f"{{{_DC}}}creator", name)
    add_if(element, f"{{{_DC}}}language", item.language)
    add_if(element, f"{{{_DC}}}rights", rights_of(item))
    for topic in topics_of(item):
        add(element, "category", topic)
    add_if(element, "description", item.description_text)
    add_if(element, f"{{{_CONTENT}}}encoded", html_of(item))


RENDERER = FeedRenderer(name="rss", media_type=MEDIA_TYPE, render=render)
