"""One parse of a page, shared by all who read it; never deeper than they can bear."""

import re
from collections.abc import Callable

from lxml import etree
from lxml import html as lxml_html

#: No newsroom nests deeper.  libxml2 drops all that is below 256 levels (2048 with `huge_tree`), text and all.
MAX_DEPTH = 250
#: No newsroom's page has a tenth as many tags; in a tree each element takes a few hundred bytes.
MAX_TAGS = 400_000
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
_COUNT = etree.XPath("count(//*)")

_PIECE = 500_000

# Each scan ends at the next "<", so that a page of nothing else costs no more.
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]*)([^<>]*)>")
_KEPT = frozenset("html head meta link title body script style p h1 h2 h3 h4 h5 h6 br img time".split())
_BLOCKS = frozenset("div section article main li td th tr ul ol dl dd dt table blockquote center header footer".split())


def parse(text: str) -> etree._Element | None:
    """Return the root of a page's tree, without comments; None when there is nothing in it.

    A page that nests deeper than `MAX_DEPTH` or has more than `MAX_TAGS` tags is read flat: its text stays, its
    structure goes.
    """
    if text.count("<") > MAX_TAGS:
        text = _replace_tags(_flat, text)
        if text.count("<") > MAX_TAGS:
            text = _replace_tags(" ", text)
    root = _parse(text)
    if root is not None and _TOO_DEEP(root):
        root = _parse(_replace_tags(_flat, text))
    return root


def element_count(root: etree._Element) -> int:
    """Return how many elements a tree has."""
    return int(_COUNT(root))


def _parse(text: str) -> etree._Element | None:
    # A parser keeps state and is no good for a second page (its error log grows).
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        return lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None


def _replace_tags(replacement: str | Callable[[re.Match[str]], str], text: str) -> str:
    """Replace piece by piece: the pieces between a million tags are a hundred megabytes.  No tag has a "<" in it."""
    parts, start = [], 0
    while start < len(text):
        end = text.find("<", start + _PIECE)
        end = len(text) if end < 0 else end
        parts.append(_TAG.sub(replacement, text[start:end]))
        start = end
    return "".join(parts)


def _flat(match: re.Match[str]) -> str:
    name = match[2].lower()
    if name in _KEPT:
        return match[0]
    return "<p>" if name in _BLOCKS else ""
