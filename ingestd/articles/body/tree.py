"""Parse a page once for all readers, with limits on depth and size."""

import re
from collections.abc import Callable
from copy import deepcopy

from lxml import etree
from lxml.html import HtmlComment, HtmlElement, HtmlEntity, HtmlProcessingInstruction

#: Real pages nest less deep.  libxml2 drops everything below 256 levels (2048 with `huge_tree`), text included.
MAX_DEPTH = 250
#: Real pages have less than a tenth as many tags.  Each element of a tree takes a few hundred bytes.
MAX_TAGS = 400_000
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
_COUNT = etree.XPath("count(//*)")
_TEXT = etree.XPath("string()")

_CHUNK = 500_000
_HTML_ELEMENTS = etree.ElementDefaultClassLookup(
    element=HtmlElement, comment=HtmlComment, pi=HtmlProcessingInstruction, entity=HtmlEntity
)

# A match attempt ends at the next "<", so that a page of nothing but "<" takes linear time.
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]*)([^<>]*)>")
_KEPT_TAGS = frozenset("html head meta link title body script style p h1 h2 h3 h4 h5 h6 br img time".split())
_BLOCK_TAGS = frozenset(
    "div section article main li td th tr ul ol dl dd dt table blockquote center header footer".split()
)


def parse(text: str) -> etree._Element | None:
    """Return the root of a page's tree, without comments; None when the page is empty.

    A page that nests deeper than `MAX_DEPTH` or has more than `MAX_TAGS` tags is flattened: it keeps its text and
    loses its structure.
    """
    if len(text) > MAX_TAGS and text.count("<") > MAX_TAGS:
        text = _replace_tags(_flattened, text)
        if text.count("<") > MAX_TAGS:
            text = _replace_tags(" ", text)
    root = _parse(text)
    if root is not None and _TOO_DEEP(root):
        root = _parse(_replace_tags(_flattened, text))
    return root


def element_count(root: etree._Element) -> int:
    """Return the number of elements in a tree."""
    return int(_COUNT(root))


def text_content(element: etree._Element) -> str:
    """Return all text in an element, as it is in the page."""
    return str(_TEXT(element))


def html_elements(root: etree._Element) -> etree._Element:
    """Return a copy of a tree with elements of lxml.html, the only ones that trafilatura and htmldate accept.

    The tree itself has plain elements, which are created faster.  Its copy has no class of its own for forms and their
    fields: for these lxml.html calls Python to create each element, whenever it is visited.
    """
    root.getroottree().parser.set_element_class_lookup(_HTML_ELEMENTS)
    return deepcopy(root)


def _parse(text: str) -> etree._Element | None:
    # A new parser for each page: a parser keeps state between documents (its error log grows).
    # Without the table of ids, which nothing asks for, parsing takes a fifth less time.
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False
    )
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.XMLSyntaxError:
        return None


def _replace_tags(replacement: str | Callable[[re.Match[str]], str], text: str) -> str:
    """Replace all tags, in chunks: for a million tags at once `re.sub` would hold a hundred megabytes of pieces.

    A chunk ends before a "<", which no tag contains, so that no tag is cut in two.
    """
    chunks, start = [], 0
    while start < len(text):
        end = text.find("<", start + _CHUNK)
        end = len(text) if end < 0 else end
        chunks.append(_TAG.sub(replacement, text[start:end]))
        start = end
    return "".join(chunks)


def _flattened(match: re.Match[str]) -> str:
    name = match[2].lower()
    if name in _KEPT_TAGS:
        return match[0]
    return "<p>" if name in _BLOCK_TAGS else ""
