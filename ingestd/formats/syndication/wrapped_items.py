"""Extract wire items from the content of RSS and Atom entries: NewsML-G2, NewsML 1, NITF or ninjs.

Items may be nested XML, escaped, or in Base64 (RFC 4287, 4.1.3.3: content of a type that is neither text nor XML).
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from lxml import etree

from ingestd.errors import ParseError
from ingestd.formats import newsml_1, newsml_g2, ninjs, nitf
from ingestd.formats.common.document import Document, document_of
from ingestd.formats.common.lenient_xml import Element, name_of, root_element
from ingestd.formats.syndication.feedparser_document import CONTENT_NAMES, top_entries
from ingestd.model.feed import Entry

#: Formats of wrapped items, in the order they are tried.
_FORMATS = (newsml_g2.FORMAT, newsml_1.FORMAT, nitf.FORMAT, ninjs.FORMAT)

#: A feed without any of these strings wraps no items, unless in Base64; a cheap check before parsing.
_KEYWORDS = (b"newsitem", b"newsmessage", b"packageitem", b"newsml", b"nitf", b"ninjs", b"versioncreated")

#: Content that may be Base64, in which no keyword shows.
_APPLICATION_CONTENT = re.compile(rb"<(?:\w+:)?content\b[^<>]{0,500}type\s*=\s*[\"']application/")


def unwrapped_entries(body: bytes, entries: Sequence[Entry], url: str) -> tuple[Entry, ...]:
    """Return the entries in the same order; each entry that wraps wire items is replaced by the items.

    `entries` are those parsed from `body`, one for each entry element; with fewer elements than entries, they are
    returned unchanged.  An item without a guid or a link gets that of its entry.
    """
    lowered = body.lower()
    if not any(keyword in lowered for keyword in _KEYWORDS) and not _APPLICATION_CONTENT.search(lowered):
        return tuple(entries)
    try:
        root, _ = root_element(body, "feed")
    except ParseError:
        return tuple(entries)
    elements = top_entries(root)
    if len(elements) < len(entries):
        return tuple(entries)
    replaced = (_items_or_entry(element, entry, url) for element, entry in zip(elements, entries, strict=False))
    return tuple(chain.from_iterable(replaced))


def _items_or_entry(element: Element, entry: Entry, url: str) -> Sequence[Entry]:
    for payload in _payloads(element):
        if items := _parse_items(document_of(payload), url):
            return [_with_identity_of(entry, item) for item in items]
    return [entry]


def _parse_items(document: Document, url: str) -> Sequence[Entry]:
    for candidate in _FORMATS:
        if candidate.recognises(document):
            try:
                found = candidate.parse(document, url, None).entries
            except ParseError:
                return ()
            return [entry for entry in found if entry.id_origin != "hash" or entry.headline or entry.body_html]
    return ()


def _with_identity_of(entry: Entry, item: Entry) -> Entry:
    """Return an item with the guid and link of its entry where it has none of its own."""
    if item.item and item.id_origin == "hash":
        wire_item = replace(item.item, guid=entry.guid, id_origin="derived")
        item = replace(item, guid=entry.guid, id_origin="derived", item=wire_item)
    return item if item.link else replace(item, link=entry.link)


def _payloads(element: Element) -> Iterator[bytes]:
    """Yield the documents that an entry's content may hold: nested elements, escaped text, decoded Base64."""
    contents = [child for child in element.iterchildren(etree.Element) if name_of(child) in CONTENT_NAMES]
    for content in sorted(contents, key=lambda content: CONTENT_NAMES.index(name_of(content))):
        for child in content.iterchildren(etree.Element):
            yield etree.tostring(child, with_tail=False)
        text = (content.text or "").strip()
        if text.startswith(("<", "{", "[")):
            yield text.encode("utf-8", "replace")
        elif text and "/" in (content.get("type") or ""):
            try:
                yield base64.b64decode("".join(text.split()), validate=True)
            except (binascii.Error, ValueError):
                continue
