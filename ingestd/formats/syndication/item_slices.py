"""Cut RSS and Atom documents into their items, so that items which are known byte for byte need not be parsed again.

An item is known by a hash of its bytes and of all that may decide how they are read: the document without its items.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from xml.parsers import expat

#: Bytes of an item's hash.
HASH_SIZE = 8

#: Depth and name of the items, by the name of the root.
_ITEMS = {"rss": (3, "item"), "feed": (2, "entry")}
#: Elements beside the items that change with each document and decide nothing about the items.
_DATES = frozenset(("lastBuildDate", "pubDate", "updated", "modified", "dc:date", "dcterms:modified"))
_ENCODINGS = frozenset(("utf-8", "utf8", "us-ascii", "ascii"))
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
#: Words in the names of the elements that feedparser reads as dates of an entry.
_DATE_NAMES = ("date", "published", "issued", "created", "modified", "expired")
#: A date in figures.  The order of its day and month is learned from all entries (`formats.common.date_order`).  Digits
#: of other scripts count, and any character that may be one.
_FIGURES = re.compile(rb"[\d\x80-\xff]{1,8}\s?[-/.]\s?[\d\x80-\xff]{1,8}\s?[-/.]\s?[\d\x80-\xff]{4}|&#")
#: Read from the beginning of the document, which is another part of it without its items (`polling_hints`).
_HINTS = re.compile(rb"<skip(?:Hours|Days)", re.IGNORECASE)


class _Unsuited(Exception):
    """The document cannot be cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """A well-formed document and its items."""

    body: bytes
    #: Where each item begins and ends, in document order.
    places: Sequence[tuple[int, int]]
    #: The hash of each item; no two are equal.  None: it is not to be remembered, since it decides about others.
    hashes: Sequence[bytes | None]

    def without(self, known: Collection[bytes]) -> bytes:
        """Return the document without the items whose hashes are known."""
        parts, end = [], 0
        for (start, behind), item_hash in zip(self.places, self.hashes, strict=True):
            if item_hash in known:
                parts.append(self.body[end:start])
                end = behind
        return b"".join((*parts, self.body[end:]))


def slices_of(body: bytes, key: bytes) -> Slices | None:
    """Return a document and its items; None if it is no RSS or Atom, is not well-formed, or cannot be cut.

    `body` is not compressed.  `key` stands for what else decides how items are read.
    """
    body = body.lstrip()
    if not _START.match(body) or b"<!DOCTYPE" in body:
        return None
    cutter = _Cutter(body)
    try:
        cutter.parser.Parse(body, True)
    except (expat.ExpatError, _Unsuited):
        return None
    places = cutter.places
    if not places or _HINTS.search(body, places[0][0]):
        return None
    context = blake2b(key, digest_size=32)
    for part in _between(body, sorted((*places, *cutter.left_out))):
        context.update(part)
    salt = context.digest()
    items = [body[start:end] for start, end in places]
    hashes = [blake2b(item, key=salt, digest_size=HASH_SIZE).digest() for item in items]
    if len({*hashes}) < len(hashes):
        return None
    kept = [None if place in cutter.with_figures else one for one, place in zip(hashes, places, strict=True)]
    return Slices(body=body, places=places, hashes=kept)


def _between(body: bytes, places: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """Yield what is between places, without white space around it."""
    end = 0
    for start, behind in (*places, (len(body), len(body))):
        if part := body[end:start].strip():
            yield part
        end = behind


class _Cutter:
    """Finds the items of a document, and what its context leaves out, by the events of an XML parser."""

    def __init__(self, body: bytes) -> None:
        self.places: list[tuple[int, int]] = []
        #: Dates and comments beside the items.
        self.left_out: list[tuple[int, int]] = []
        #: Items that may have a date in figures.
        self.with_figures: set[tuple[int, int]] = set()
        self._body = body
        self._depth = 0
        self._item: tuple[int, str] = (0, "")
        self._start = -1
        self._is_item = self._has_figures = False
        self._date = -1
        self._dates: dict[str, bool] = {}
        self.parser = parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CommentHandler = self._comment
        parser.XmlDeclHandler = _declared

    def _begin(self, name: str, _attributes: Any) -> None:
        self._depth += 1
        depth, (item_depth, item_name) = self._depth, self._item
        if depth > item_depth > 0:
            if self._is_item and self._date < 0 and self._is_date(name):
                self._date = self.parser.CurrentByteIndex
        elif depth == 1:
            if name not in _ITEMS:
                raise _Unsuited
            self._item = _ITEMS[name]
        elif depth == item_depth and (name == item_name or name in _DATES):
            self._start, self._is_item = self.parser.CurrentByteIndex, name == item_name

    def _end(self, name: str) -> None:
        if self._depth == self._item[0] and self._start >= 0:
            at = self.parser.CurrentByteIndex
            if not self._body.startswith(b"</", at):  # an empty element, behind whose end it is
                raise _Unsuited
            place = self._start, self._body.index(b">", at) + 1
            (self.places if self._is_item else self.left_out).append(place)
            if self._has_figures:
                self.with_figures.add(place)
            self._start, self._is_item, self._has_figures = -1, False, False
        elif self._date >= 0 and self._is_date(name):
            self._has_figures |= _FIGURES.search(self._body, self._date, self.parser.CurrentByteIndex) is not None
            self._date = -1
        self._depth -= 1

    def _is_date(self, name: str) -> bool:
        found = self._dates.get(name)
        if found is None:
            found = self._dates[name] = any(word in name.lower() for word in _DATE_NAMES)
        return found

    def _comment(self, _text: str) -> None:
        if self._start < 0:
            at = self.parser.CurrentByteIndex
            self.left_out.append((at, self._body.index(b"-->", at) + 3))


def _declared(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding and encoding.lower() not in _ENCODINGS:
        raise _Unsuited
