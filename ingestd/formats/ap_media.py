"""AP Media API 1.x to 3.x: an item or a feed of items in AP's dialect of ninjs (https://api.ap.org/media/v/docs)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ingestd.formats.common import fields
from ingestd.formats.common.cursors import page_without_userinfo
from ingestd.formats.common.document import Document, JsonObject
from ingestd.formats.common.format import Format
from ingestd.formats.common.item_draft import ItemDraft, byline_of
from ingestd.formats.common.wire_feed import feed_of, read_entries
from ingestd.formats.ninjs.keys import objects_in, scalar_text
from ingestd.formats.ninjs.reader import read_ninjs
from ingestd.model.feed import Entry, Feed
from ingestd.model.item import Author
from ingestd.model.source import Cursor
from ingestd.model.text_references import text_references


def _items(document: Document) -> Iterator[JsonObject]:
    """Yield the items: `data.item`, or `item` of each of `data.items`; the envelope `data` may be missing."""
    data = document.members.get("data", document.members)
    if not isinstance(data, dict):
        return
    listed = data.get("items")
    for one in listed if isinstance(listed, list) else [data]:
        item = one.get("item") if isinstance(one, dict) else None
        if isinstance(item, dict) and _altids(item).get("itemid"):
            yield item


def _altids(item: JsonObject) -> JsonObject:
    ids = item.get("altids")
    return ids if isinstance(ids, dict) else {}


def recognises(document: Document) -> bool:
    """Return whether the JSON has an item with AP's `altids.itemid`, or is an empty feed with a `next_page`."""
    return next(_items(document), None) is not None or (_is_empty(document) and _next_page(document) is not None)


def _is_empty(document: Document) -> bool:
    data = document.members.get("data")
    return isinstance(data, dict) and data.get("items") == []


def _next_page(document: Document) -> str | None:
    data = document.members.get("data")
    page = data.get("next_page") if isinstance(data, dict) else None
    return page if isinstance(page, str) else None


def parse(document: Document, url: str, _content_type: str | None = None) -> Feed:
    """Parse a response of the API.

    `next_page` becomes a "since" cursor: it does not lead to older items, but to the items that follow these, now or
    later, and is the address for the next request.  Entries have no body, because the API gives texts by reference:
    `payload` is the address of the text, the rendition "nitf" or else "anpa".
    """
    read, read_warnings = read_entries("ap-media", _items(document), _read_item)
    entries = [_with_text_reference(entry, url) for entry in read]
    page = page_without_userinfo(url, _next_page(document))
    cursor = Cursor(url=page, kind="since") if page else None
    return feed_of("ap-media", entries, document.warnings + read_warnings, cursor=cursor)


def _read_item(draft: ItemDraft, item: Mapping[str, Any]) -> None:
    # Not `uri`, which includes the version and the customer's own parameters.  All versions have the same itemid.
    draft.fill_line("guid", scalar_text(_altids(item).get("itemid")))
    draft.fill_line("description_text", scalar_text(item.get("description_summary") or item.get("description_caption")))
    draft.fill_line("creditline", scalar_text(item.get("description_creditline")))
    for _, one in objects_in(item.get("bylines")):
        byline = byline_of(scalar_text(one.get("by")))
        draft.fill("byline", byline)
        if byline:
            draft.add("authors", Author(name=byline, role=fields.line_of(scalar_text(one.get("title")))))
    for _, one in objects_in(item.get("photographer")):
        draft.fill_line("byline", scalar_text(one.get("name")))
    read_ninjs(draft, item)
    draft.add_extra("editorialpriority", scalar_text(item.get("editorialpriority")))


def _with_text_reference(entry: Entry, url: str) -> Entry:
    """Return an entry with the address of its text, if that is by reference."""
    item = entry.item
    if item is None:
        return entry
    pages = (fields.page_of(url, reference) for reference in text_references(item))
    if payload := next(filter(None, pages), None):
        return replace(entry, payload=payload)
    if item.type != "text" or item.body_html or item.body_text or item.pubstatus == "canceled":
        return entry
    return replace(entry, item=replace(item, warnings=(*item.warnings, "the item has no text, and none by reference")))


FORMAT = Format("ap-media", recognises, parse)
