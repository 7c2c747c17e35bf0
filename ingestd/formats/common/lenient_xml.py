"""Parse untrusted XML: nothing external is loaded, no entity is expanded, malformed documents are recovered."""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeAlias

from lxml import etree

from ingestd.errors import ParseError
from ingestd.formats.common.fields import MAX_LINE
from ingestd.model.sniffing import encoding_of
from ingestd.model.xml_repair import has_other_references, repaired
from ingestd.text import collapse

#: lxml comes without types.
Element: TypeAlias = Any

_OPTIONS = {
    "resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False,
    "remove_comments": True, "remove_pis": True,
}  # fmt: skip
# Shared by all documents: creating a parser takes as long as parsing a small document.
_STRICT = etree.XMLParser(**_OPTIONS)
_LENIENT = etree.XMLParser(recover=True, **_OPTIONS)

_OTHER_ENCODING = re.compile(rb"<\?xml[^>]{0,200}\bencoding\s*=\s*[\"'](?!utf-?8[\"'])", re.IGNORECASE)
_TEXT_BEFORE_MARKUP = re.compile(rb"^[^<]{0,2000}(?=<)")


def root_element(body: bytes, what: str) -> tuple[Element, tuple[str, ...]]:
    """Return the root of a document, and warnings: what was repaired (`xml_repair`), and that it is not well-formed.

    Raises ParseError ("damaged WHAT: ...") when nothing can be recovered.
    """
    if not has_other_references(body):
        # What else the repair looks for makes a document not well-formed, and most are.
        try:
            return etree.fromstring(body, _STRICT), ()
        except (etree.XMLSyntaxError, ValueError):
            pass  # it is repaired
    body, warnings = repaired(body)
    try:
        return etree.fromstring(body, _STRICT), warnings
    except (etree.XMLSyntaxError, ValueError) as error:
        warning = f"not well-formed: {collapse(str(error))[:500]}"
        root = _recovered_root(body)
        if root is None:
            raise ParseError(f"damaged {what}: {warning}") from error
        return root, (*warnings, warning)


def _recovered_root(body: bytes) -> Element | None:
    body = _TEXT_BEFORE_MARKUP.sub(b"", body)
    if encoding_of(body) in (None, "utf-8") and not _OTHER_ENCODING.match(body):
        # In recovery libxml2 accepts invalid UTF-8, and lxml then fails to decode it.
        body = body.decode("utf-8", "replace").encode()
    with suppress(etree.XMLSyntaxError, ValueError):
        root: Element | None = etree.fromstring(body, _LENIENT)
        return root if root is not None and (len(root) or root.attrib) else None
    return None


@lru_cache(maxsize=4096)
def local_name(tag: object) -> str:
    """Return a tag without namespace or prefix, in lower case; cached, for hot loops."""
    # A node that is not an element, such as an entity reference, has a function as its tag.
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def name_of(element: Element) -> str:
    """Return an element's name without namespace or prefix, in lower case; empty for other nodes."""
    return local_name(element.tag)


def text_in(element: Element) -> str:
    """Return all the text in an element, collapsed."""
    # A short cut: most elements of metadata have no children.
    return collapse("".join(element.itertext(etree.Element)) if len(element) else element.text)


def line_in(element: Element) -> str | None:
    """Return all the text in an element as one line, cut at MAX_LINE; None when there is none."""
    text = collapse("".join(element.itertext(etree.Element)) if len(element) else element.text)
    return text if 0 < len(text) <= MAX_LINE else text[:MAX_LINE].rstrip() or None


def own_text(element: Element) -> str:
    """Return the text of an element before its first child, not collapsed."""
    return element.text or ""


def raw_text(element: Element) -> str:
    """Return all the text in an element, not collapsed, with its line ends."""
    return "".join(element.itertext(etree.Element)) if len(element) else element.text or ""


def attributes(element: Element) -> dict[str, str]:
    """Return attributes by their names without namespace or prefix, in lower case: "lang" for "xml:lang"."""
    return {local_name(name): value for name, value in element.items()}


def child(element: Element, name: str) -> Element | None:
    """Return the first child with a name (in lower case), or None."""
    return next((one for one in element if name_of(one) == name), None)


def descendants(element: Element, *names: str) -> Iterator[Element]:
    """Return the element and its descendants that have one of the names (in lower case), in document order."""
    return (one for one in element.iter(etree.Element) if name_of(one) in names)
