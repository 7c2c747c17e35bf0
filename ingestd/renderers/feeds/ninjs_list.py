"""A list of IPTC ninjs 3.1 items, newest first; deleted ones are canceled items without content."""

import json

from ingestd.model.item import Item
from ingestd.renderers.feeds.document import FeedDocument, FeedRenderer
from ingestd.renderers.ninjs import as_ninjs


def render(feed: FeedDocument) -> bytes:
    """Return the items of a feed as a JSON object with the list `items`."""
    killed = (
        Item(guid=one.guid, pubstatus="canceled", pubstatus_raw="canceled", type="text", versioncreated=one.when)
        for one in feed.deleted
    )
    # Kills first: a reader that stops early still learns what it must remove.
    values = {"title": feed.title, "href": feed.self_url, "items": [as_ninjs(item) for item in (*killed, *feed.items)]}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


RENDERER = FeedRenderer(name="ninjs", media_type="application/json", render=render)
