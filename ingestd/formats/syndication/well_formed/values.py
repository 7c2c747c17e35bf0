"""Values of a feed's elements as feedparser has them: text, attributes and embedded XHTML."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import urljoin
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import feedparser

from ingestd.formats.syndication.well_formed.names import HANDLED, Names, Unsure, known_prefix

HTML, XHTML, PLAIN = "text/html", "application/xhtml+xml", "text/plain"
#: Values of `type` → media type.
_TYPES = {
    "html": HTML, HTML: HTML, "xhtml": XHTML, XHTML: XHTML, "text": PLAIN, "plain": PLAIN, PLAIN: PLAIN
}  # fmt: skip

_XML = "{http://www.w3.org/XML/1998/namespace}"
#: Attributes that feedparser looks up by their name alone, whatever their namespace.
_LOOKED_UP = frozenset(
    "about domain href ispermalink label lang lastmod mode rel scheme src term text type uri url version".split()
)
#: Nesting of embedded XHTML.
_MAX_DEPTH = 100

# feedparser takes characters of ISO 8859-1 that are UTF-8 as bytes for it, and control characters for windows-1252.
_C1 = re.compile("[\x80-\x9f]")
_CP1252 = {byte: found for byte in range(0x80, 0xA0) if (found := bytes([byte]).decode("cp1252", "ignore"))}
_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)/+")
_AMPERSAND = re.compile("&([A-Za-z0-9_]+);")


def value_of(text: str | None) -> str:
    """Return the text of an element."""
    if not text:
        return ""
    text = text.strip()
    return text if text.isascii() else mended(text)


def mended(text: str) -> str:
    """Return text with what was encoded twice decoded."""
    with suppress(UnicodeError):  # nearly always
        text = text.encode("iso-8859-1").decode()
    return text.translate(_CP1252) if _C1.search(text) else text


def resolved(base: str, text: str) -> str:
    """Return an address as it resolves against xml:base, which is empty in most documents."""
    if ":///" in text:
        text = _SLASHES.sub(r"\1", text)
    try:
        return urljoin(base, text) if base else text
    except ValueError:
        return ""


def without_semicolons(text: str) -> str:
    """Return an address in which parameters of a query look like references, without what feedparser takes for them."""
    return _AMPERSAND.sub(r"&\g<1>", text) if "&" in text else text


def attributes_of(element: Element) -> dict[str, str]:
    """Return attributes by their names in lower case, xml:lang and xml:base with their prefix; raises Unsure."""
    found = {}
    for key, value in element.attrib.items():
        name = key.lower()
        if name[0] == "{":
            uri, _, local = name[1:].partition("}")
            if key.startswith(_XML):
                name = f"xml:{local}"
            elif local == "base" or (local in _LOOKED_UP and not known_prefix(uri)):
                raise Unsure
        elif name == "base":
            raise Unsure
        found[name] = value.lower() if name in ("rel", "type") else value
    return found


def address_in(attributes: Mapping[str, str]) -> str | None:
    """Return the address in an element's attributes, or None."""
    written = next((attributes[name] for name in ("url", "uri", "href") if name in attributes), None)
    return written or attributes.get("href")


def states_language(attributes: Mapping[str, str]) -> bool:
    """Return whether an element states its language."""
    return "xml:lang" in attributes or "lang" in attributes


def language_in(attributes: Mapping[str, str], inherited: str | None) -> str | None:
    """Return the language of an element with these attributes."""
    found = attributes.get("xml:lang", attributes.get("lang"))
    return inherited if found is None else found or None


def type_in(attributes: Mapping[str, str], default: str) -> str:
    """Return the media type of an element's content; raises Unsure for one that may be XML or Base64."""
    written = attributes.get("type", default)
    kind = _TYPES.get(written, written)
    if attributes.get("mode") == "base64" or not (kind == XHTML or (kind.startswith("text/") and kind[-3:] != "xml")):
        raise Unsure
    return kind


def looks_like_html(text: str) -> bool:
    """Return whether feedparser takes plain text for HTML."""
    found: bool = ("&" in text or "</" in text) and feedparser.api.StrictFeedParser.looks_like_html(text)
    return found


def xhtml_in(element: Element, names: Names, *, is_unwrapped: bool) -> str:
    """Return the content of an element as XHTML, without the `div` around all of it if `is_unwrapped`."""
    pieces = list(_pieces(element, names, 0))
    if is_unwrapped:
        while len(pieces) > 1 and not pieces[-1].strip():
            del pieces[-1]
        while len(pieces) > 1 and not pieces[0].strip():
            del pieces[0]
        if pieces and pieces[-1] == "</div>" and (pieces[0] == "<div>" or pieces[0].startswith("<div ")):
            pieces = _without_ends(pieces)
    return "".join(pieces).strip()


def _without_ends(pieces: list[str]) -> list[str]:
    depth = 0
    for piece in pieces[:-1]:
        if piece.startswith("</"):
            depth -= 1
            if depth == 0:
                return pieces
        elif piece.startswith("<") and not piece.endswith("/>"):
            depth += 1
    return pieces[1:-1]


def _pieces(element: Element, names: Names, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise Unsure
    if element.text:
        yield escape(element.text)
    for child in element:
        name = names.of(child.tag)
        local = child.tag.rpartition("}")[2].lower()
        if name in HANDLED or local in ("svg", "math"):
            raise Unsure
        yield f"<{local}{_attributes(child)}>"
        yield from _pieces(child, names, depth + 1)
        yield f"</{local}>"
        if child.tail:
            yield escape(child.tail)


def _attributes(element: Element) -> str:
    if not element.attrib:
        return ""
    found = attributes_of(element)
    if any(name[0] == "{" for name in found):
        raise Unsure
    return "".join(f' {name}="{escape(value, _QUOTE)}"' for name, value in found.items())


_QUOTE = {'"': "&quot;"}
