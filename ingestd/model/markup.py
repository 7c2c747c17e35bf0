"""Untrusted markup: parse it and extract its text."""

import re
from functools import lru_cache
from html import unescape

from lxml import etree
from lxml import html as lxml_html

from ingestd.text import clean, collapse

_MARKUP = re.compile(r"<[a-zA-Z/!?]|&[#a-zA-Z]")
# The search for ">" stops at the next "<"; otherwise a megabyte of "<" would take hours.
_TAG = re.compile(r"<[^<>]*>")
# Tags that HTML ignores inside an element (WHATWG HTML, 13.2.6.4.7); libxml2 would end the page at </body>.
_PAGE_TAG = re.compile(r"</?(?:html|head|body)\b[^<>]*>", re.IGNORECASE)
_INVISIBLE = ("script", "style", "noscript", "template", "iframe", "object", "title")
_BLOCKS = frozenset(
    "address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main nav "
    "ol p pre section table td th tr ul".split()
)


def parse_fragment(markup: str) -> etree._Element:
    """Parse any markup into one `div` element; never fails and loads nothing.

    Content nested deeper than the parser's limit (256 levels) is lost.
    """
    try:
        # Not lxml's fragment_fromstring: it appends "</body></html>", which becomes text after an open <textarea>.
        page = lxml_html.document_fromstring("<html><body>" + _PAGE_TAG.sub("", clean(markup)))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        page = None
    div = None if page is None else page.find("body")
    if div is None:
        div = lxml_html.Element("div")
        div.text = _without_tags(markup)
        return div
    page.remove(div)
    div.tag = "div"
    return div


def _without_tags(markup: str) -> str:
    return clean(unescape(_TAG.sub(" ", markup)))


@lru_cache(maxsize=2)  # called twice in a row for an entry's content: for its fingerprint, and to see if it is complete
def text_of(markup: str | None) -> str:
    """Return the text of markup on one line: blocks separated, scripts left out, character references resolved."""
    if not markup:
        return ""
    if not _MARKUP.search(markup):
        return collapse(unescape(markup))
    return collapse(" ".join(block_texts(parse_fragment(markup)))) or _text_too_deep(markup)


def _text_too_deep(markup: str) -> str:
    """Return text that the parser lost in hundreds of nested elements; "" if the markup has no visible text."""
    if markup.count("<") < 256 or any(f"<{tag}" in markup.lower() for tag in _INVISIBLE):
        return ""
    return collapse(_without_tags(markup))


def block_texts(root: etree._Element) -> list[str]:
    """Return the text of each block below an element, collapsed, in document order, without empty ones."""
    blocks: list[list[str]] = [[]]
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            if element.tag in _BLOCKS:
                blocks.append([])
            if element.tag in _INVISIBLE:
                walk.skip_subtree()
            else:
                blocks[-1].append(element.text or "")
        elif element is not root:
            if element.tag in _BLOCKS:
                blocks.append([])
            blocks[-1].append(element.tail or "")
    return [text for text in (collapse("".join(parts)) for parts in blocks) if text]
