"""JSON Feed 1.1 (jsonfeed.org/version/1.1).

The format has nothing for rights and for deleted items: the extension `_ingestd` has both.
"""

from typing import Any

from ingestd.json import to_json
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
from ingestd.renderers.xml_writer import instant

_ABOUT = "https://www.rfc-editor.org/rfc/rfc6721"


def render(feed: FeedDocument) -> bytes:
    """Return a feed as JSON Feed 1.1."""
    extension: dict[str, Any] = {"about": _ABOUT}
    if feed.deleted:
        extension["deleted"] = [
            _without_none({"id": one.guid, "when": instant(one.when), "comment": one.comment}) for one in feed.deleted
        ]
    values = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "feed_url": feed.self_url,
        "hubs": [{"type": "WebSub", "url": feed.hub}] if feed.hub else None,
        "items": [_item(item) for item in feed.items],
        "_ingestd": extension if feed.deleted else None,
    }
    return to_json(_without_none(values)).encode("utf-8", "replace")


def _item(item: Item) -> dict[str, Any]:
    html, rights = html_of(item), rights_of(item)
    values = {
        "id": item.guid,
        "url": link_of(item),
        "title": item.headline,
        "summary": item.description_text,
        # An item must have one of the two (1.1, items).
        "content_html": html,
        "content_text": "" if html is None else None,
        "date_published": instant(item.firstcreated) if item.firstcreated else None,
        "date_modified": instant(item.versioncreated) if item.versioncreated else None,
        "authors": [{"name": name} for name in names_of(item)] or None,
        "tags": list(topics_of(item)) or None,
        "language": item.language,
        "_ingestd": {"rights": rights} if rights else None,
    }
    return _without_none(values)


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


RENDERER = FeedRenderer(name="json", media_type="application/feed+json", render=render)
