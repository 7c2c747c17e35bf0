"""Wire items that entries of a feed have for their content: NewsML-G2, NewsML 1, NITF or ninjs, in RSS or Atom.

As XML within XML, escaped, or in Base64 (RFC 4287, 4.1.3.3: content of a media type that is neither text nor XML).
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lxml import etree

from ingestd.errors import ParseError
from ingestd.formats import newsml_1, newsml_g2, ninjs, nitf
from ingestd.formats.common.document import Document, document_of
from ingestd.formats.common.lenient_xml import Element, name_of, root_element
from ingestd.model.feed import Entry

#: What a content may be, in the order it is tried.
_FORMATS = (newsml_g2.FORMAT, newsml_1.FORMAT, nitf.FORMAT, ninjs.FORMAT)

#: What a feed must have somewhere for one of its contents to be any of them: much cheaper than to look into each.
_SIGNS = (b"newsitem", b"newsmessage", b"packageitem", b"newsml", b"nitf", b"ninjs", b"versioncreated")

#: In Base64 nothing shows but that it is.
_OF_A_MEDIA_TYPE = re.compile(rb"<(?:\w+:)?content\b[^<>]{0,500}type\s*=\s*[\"']application/")

_ENTRIES = frozenset(("entry", "item"))
_CONTENTS = ("content", "encoded", "description", "summary")


def unwrapped_entries(body: bytes, entries: Sequence[Entry], url: str) -> tuple[Entry, ...]:
    """Return entries with each one that wraps wire items in its content replaced by these, in the same order.

    `entries` are those of the document, one for each of its elements; where they are not, none is replaced.  An item
    without an identity of its own has its entry's, and one without a link has its entry's.
    """
    lowered = body.lower()
    if not any(sign in lowered for sign in _SIGNS) and not _OF_A_MEDIA_TYPE.search(lowered):
        return tuple(entries)
    try:
        root, _ = root_element(body, "feed")
    except ParseError:
        return tuple(entries)
    elements = [element for element in root.iter(etree.Element) if name_of(element) in _ENTRIES and _is_entry(element)]
    if len(elements) < len(entries):
        return tuple(entries)
    found = (_wrapped(element, entry, url) for element, entry in zip(elements, entries, strict=False))
    return tuple(one for some in found for one in some)


def _is_entry(element: Element) -> bool:
    """Say whether an element is a feed's own, and not of something within an entry."""
    return not any(name_of(parent) in (*_ENTRIES, *_CONTENTS) for parent in element.iterancestors())


def _wrapped(element: Element, entry: Entry, url: str) -> Sequence[Entry]:
    for payload in _payloads(element):
        if items := _items(document_of(payload), url):
            return [_as_of(entry, item) for item in items]
    return [entry]


def _items(document: Document, url: str) -> Sequence[Entry]:
    for candidate in _FORMATS:
        if candidate.recognises(document):
            try:
                found = candidate.parse(document, url, None).entries
            except ParseError:
                return ()
            return [entry for entry in found if entry.id_origin != "hash" or entry.headline or entry.body_html]
    return ()


def _as_of(entry: Entry, item: Entry) -> Entry:
    if item.item and item.id_origin == "hash":
        said = replace(item.item, guid=entry.guid, id_origin="derived")
        item = replace(item, guid=entry.guid, id_origin="derived", item=said)
    return item if item.link else replace(item, link=entry.link)


def _payloads(element: Element) -> Iterator[bytes]:
    """Yield what the contents of an entry hold: elements, texts, and texts in Base64."""
    contents = [child for child in element.iterchildren(etree.Element) if name_of(child) in _CONTENTS]
    for content in sorted(contents, key=lambda content: _CONTENTS.index(name_of(content))):
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
