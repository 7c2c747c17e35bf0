"""Parse a document with feedparser, so that nothing in one entry costs the others."""

import io
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXParseException

import feedparser
from lxml import etree

from ingestd.errors import ParseError
from ingestd.formats.common.lenient_xml import Element, name_of, root_element, text_in
from ingestd.formats.syndication import well_formed
from ingestd.formats.syndication.raw import Raw
from ingestd.model.feed import CUT_OFF
from ingestd.model.sniffing import charset_of, declares_unknown_charset, encoding_of
from ingestd.text import collapse

# The only one that feedparser prefers to Python's own is for Python 2, and was searched for in each feed.
feedparser.api.PREFERRED_XML_PARSERS.clear()

_ENTRY_NAMES = frozenset(("entry", "item"))
#: Elements with an entry's content, in the order in which wrapped items are looked for.
CONTENT_NAMES = ("content", "encoded", "description", "summary")
#: Namespaces of RSS, Atom and what publishers use for text, names and dates.  Elements of others are left out of an
#: entry that feedparser cannot read.
_KNOWN_NAMESPACES = (
    "http://www.w3.org/", "http://purl.org/", "http://backend.userland.com/", "http://my.netscape.com/",
    "http://search.yahoo.com/mrss",
)  # fmt: skip
#: Where entries begin and end.
_ENTRY_STARTS = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry)(?=[\s>])", re.IGNORECASE)
_ENTRY_ENDS = re.compile(rb"</(?:\w{1,20}:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOT_ENDS = re.compile(rb"</(?:\w{1,20}:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_BASE = re.compile(rb"\sxml:base\s*=\s*(\"[^\"<]{0,2000}\"|'[^'<]{0,2000}')")
#: Attempts to find the entries that feedparser cannot read.
_MAX_ATTEMPTS = 500


def parse(body: bytes, content_type: str | None) -> tuple[Raw, tuple[str, ...]]:
    """Return a document as parsed by feedparser, and warnings.

    If feedparser fails on an entry, the entry is read without elements of uncommon namespaces, else left out.

    Raises ParseError when feedparser fails, or reports an error and found no entry.
    """
    body, warnings = _without_broken_bases(body) if b"xml:base" in body else (body, ())
    if (found := well_formed.read(body, content_type)) is not None:
        return found, warnings
    try:
        parsed = _parse(body, content_type)
    except ParseError as failure:
        parsed, more = _parse_by_entry(body, failure)
        warnings += more
    if b"xml:base" in body:
        parsed = _with_written_ids(parsed, body)
    if isinstance(parsed.get("bozo_exception"), SAXParseException):
        parsed, more = _whole_entries(_recovered(parsed, body), body)
        warnings += more
    if not parsed.get("bozo"):
        return parsed, warnings
    error = parsed["bozo_exception"]
    if not parsed["entries"] and not isinstance(error, feedparser.CharacterEncodingOverride):
        raise ParseError(f"damaged feed without a readable entry: {_words(error, body)}") from error
    return parsed, (*warnings, _words(error, body))


def _without_broken_bases(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return a document without bases that are no URL, which cost the links of all entries behind them."""
    broken: list[bytes] = []

    def kept(match: re.Match[bytes]) -> bytes:
        if _is_url(match[1][1:-1].decode("utf-8", "replace")):
            return match[0]
        broken.append(match[0])
        return b""

    body = _BASE.sub(kept, body)
    return body, (f"xml:base is no URL: {broken[0].decode('utf-8', 'replace').strip()[:100]}",) if broken else ()


def _is_url(text: str) -> bool:
    try:
        urljoin("http://base.invalid/", text)
    except ValueError:
        return False
    return True


def _recovered(parsed: Raw, body: bytes) -> Raw:
    """Return a document with more entries if libxml2 recovers more of it than feedparser's loose parser did."""
    if len(_ENTRY_STARTS.findall(body)) <= len(parsed["entries"]):
        return parsed
    try:
        root, _ = root_element(body, "feed")
        recovered = _parse(etree.tostring(root, encoding="utf-8", xml_declaration=True), None)
    except ParseError:
        return parsed
    if len(recovered["entries"]) <= len(parsed["entries"]):
        return parsed
    return {**recovered, "bozo": True, "bozo_exception": parsed["bozo_exception"]}


def _whole_entries(parsed: Raw, body: bytes) -> tuple[Raw, tuple[str, ...]]:
    """Return a document without its last entry if it ends within that: the next poll brings it whole.

    What is there of such an entry would be a change of the entry that is stored, or have another identity.
    """
    starts = [match.start() for match in _ENTRY_STARTS.finditer(body)]
    ends = [match.start() for match in _ENTRY_ENDS.finditer(body)]
    entries = parsed["entries"]
    if not starts or len(entries) != len(starts) or (ends and ends[-1] > starts[-1]):
        return parsed, ()
    if _ROOT_ENDS.search(body, starts[-1]):  # only the end tag is missing
        return parsed, ()
    return {**parsed, "entries": entries[:-1]}, (CUT_OFF,)


def _words(error: Exception, body: bytes) -> str:
    """Return an error as one line; one of the XML parser names its line in the document, and no file or column.

    feedparser puts an XML declaration of its own in the place of the document's, or else on a line above it.
    """
    if isinstance(error, SAXParseException):
        line = (error.getLineNumber() or 1) - (not body.lstrip().startswith((b"<?xml", b"\xef\xbb\xbf<?xml")))
        return collapse(f"line {max(line, 1)}: {error.getMessage()}")[:500]
    return collapse(str(error))[:500]


def _parse(body: bytes, content_type: str | None) -> Raw:
    # Without a charset feedparser assumes ISO 8859-1, or US-ASCII for text/xml, and tries UTF-8 before the byte
    # order mark.  The body is in UTF-8 unless its first bytes or its declaration say otherwise (`xml_repair`).
    charset = encoding_of(body) or ("utf-8" if not body.isascii() else charset_of(content_type))
    if not charset and declares_unknown_charset(body):
        charset = "utf-8"  # feedparser would try it next, but fails first on codecs such as punycode
    headers = {"content-type": f"application/xml; charset={charset}" if charset else "application/xml"}
    try:
        # A stream, because feedparser tries bytes as a file name first.
        document: Raw = dict(
            feedparser.parse(
                io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
            )
        )
    except MemoryError:
        raise
    except Exception as error:  # feedparser passes on any exception of the parsers and codecs below it
        raise ParseError(f"feedparser failed: {type(error).__name__}: {collapse(str(error))[:500]}") from error
    return document


def _with_written_ids(parsed: Raw, body: bytes) -> Raw:
    """Return a document with the identifiers of Atom entries as written: they never resolve (RFC 4287, 4.2.6.1)."""
    try:
        elements = top_entries(root_element(body, "feed")[0])
    except ParseError:
        return parsed
    entries = parsed["entries"]
    if len(elements) != len(entries):
        return parsed
    written = [next((text_in(child) for child in element if name_of(child) == "id"), "") for element in elements]
    found = [{**entry, "id": name} if name else entry for entry, name in zip(entries, written, strict=True)]
    return {**parsed, "entries": found}


def _parse_by_entry(body: bytes, failure: ParseError) -> tuple[Raw, tuple[str, ...]]:
    """Return the document parsed in parts, without what feedparser cannot read; raises `failure` if nothing is read."""
    try:
        root, warnings = root_element(body, "feed")
    except ParseError:
        raise failure from None
    elements = top_entries(root)
    feed = _EmptiedFeed(root, elements[0].getparent() if elements else root)
    for element in elements:
        element.getparent().remove(element)
    try:
        parsed = dict(feed.parse_with([]))
    except ParseError:
        raise failure from None  # no entry's fault
    entries: list[Any] = []
    left_out: list[str] = []
    # Parts that still have to be read, the next one last.
    parts, attempts = [elements] if elements else [], 0
    while parts:
        part, attempts = parts.pop(), attempts + 1
        if attempts > _MAX_ATTEMPTS:
            raise failure
        try:
            entries += feed.parse_with(part)["entries"]
        except ParseError:
            if len(part) > 1:
                half = len(part) // 2
                parts += [part[half:], part[:half]]
            else:
                entries += _read_or_report(feed, part[0], left_out)
    if not entries:
        raise failure
    parsed["entries"] = entries
    what = f"entries left out: {', '.join(left_out)[:500]}" if left_out else "elements of entries were dropped"
    return parsed, (*warnings, f"{failure}; {what}")


@dataclass(frozen=True, slots=True)
class _EmptiedFeed:
    """A feed without its entries."""

    root: Element
    #: Where its entries were.
    parent: Element

    def parse_with(self, entries: Sequence[Element]) -> Raw:
        """Return the feed with some entries as parsed by feedparser; raises ParseError."""
        self.parent.extend(entries)
        try:
            return _parse(etree.tostring(self.root, encoding="utf-8", xml_declaration=True), None)
        finally:
            for element in entries:
                self.parent.remove(element)


def _read_or_report(feed: _EmptiedFeed, element: Element, left_out: list[str]) -> Sequence[Any]:
    simpler = deepcopy(element)
    for child in simpler.iterchildren(etree.Element):
        namespace = child.tag.partition("}")[0].lstrip("{") if "}" in child.tag else ""
        if namespace and not namespace.startswith(_KNOWN_NAMESPACES):
            simpler.remove(child)
    try:
        found: Sequence[Any] = feed.parse_with([simpler])["entries"]
    except ParseError:
        names = {name_of(child): text_in(child) for child in element}
        left_out.append(names.get("guid") or names.get("id") or names.get("title") or "one without an identifier")
        return ()
    return found


def top_entries(root: Element) -> list[Element]:
    """Return the entry elements of the feed itself, in its order, not those nested in an entry or its content."""
    return [element for element in root.iter(etree.Element) if name_of(element) in _ENTRY_NAMES and _is_top(element)]


def _is_top(element: Element) -> bool:
    return not any(name_of(parent) in (*_ENTRY_NAMES, *CONTENT_NAMES) for parent in element.iterancestors())
