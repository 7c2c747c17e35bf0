"""Untrusted markup: parse it and extract its text."""

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from html import unescape

from lxml import etree

from ingestd.text import clean, collapse

_MARKUP = re.compile(r"<[a-zA-Z/!?]|&[#a-zA-Z]")
# The search for ">" stops at the next "<"; otherwise a megabyte of "<" would take hours.
_TAG = re.compile(r"<[^<>]*>")
# Tags that HTML ignores inside an element (WHATWG HTML, 13.2.6.4.7); libxml2 would end the page at </body>.
_PAGE_TAG = re.compile(r"</?(?:html|head|body)\b[^<>]*>", re.IGNORECASE)
# Not that of lxml.html, which looks up a class of its own, in Python, for each element.
_PARSER = etree.HTMLParser(collect_ids=False)
_INVISIBLE = frozenset(("script", "style", "noscript", "template", "iframe", "object", "title"))
_BLOCKS = frozenset(
    "address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main nav "
    "ol p pre section table td th tr ul".split()
)

# Elements that style a part of a word or sentence.  Others, such as span and a, often stand side by side without white
# space and are set apart by the style sheet.
_STYLING = frozenset(
    "abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark nobr q rb rp rt ruby s samp small strike "
    "strong sub sup tt u var wbr".split()
)
_CJK = range(0x2E80, 0xA4D0)


def parse_fragment(markup: str) -> etree._Element:
    """Parse any markup into one `div` element; never fails and loads nothing.

    Content nested deeper than the parser's limit (256 levels) is lost.
    """
    try:
        # Not lxml's fragment_fromstring: it appends "</body></html>", which becomes text after an open <textarea>.
        page = etree.fromstring("<html><body>" + _PAGE_TAG.sub("", clean(markup)), _PARSER)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        page = None
    div = None if page is None else page.find("body")
    if div is None:
        div = etree.Element("div")
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


def block_texts(
    root: etree._Element,
    is_skipped: Callable[[etree._Element], bool] | None = None,
    skippable: Collection[str] | None = None,
) -> list[str]:
    """Return the text of each block below an element, collapsed, in document order, without empty ones.

    Elements for which `is_skipped` is true are left out with their content; only those of the tags `skippable` are
    asked, where it is given.
    """
    lines: list[str] = []
    parts: list[str] = []
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag = element.tag
        if parts and tag in _BLOCKS:
            lines.append("".join(parts))
            parts = []
        if event == "start":
            if tag in _INVISIBLE or (is_skipped and (not skippable or tag in skippable) and is_skipped(element)):
                walk.skip_subtree()
                continue
            added = element.text
        else:
            added = element.tail if element is not root else None
        if added and (parts or not added.isspace()):
            parts.append(added)
    lines.append("".join(parts))
    return [line for line in map(collapse, lines) if line]


def line_of_element(element: etree._Element, limit: int, without: Collection[str] = ()) -> str:
    """Return the first characters of an element's text, at most `limit`, on one line.

    Elements of the tags `without`, such as buttons, are left out.

    A block or <br> is set apart by a space, an inline element is not: "H<sub>2</sub>O" is "H2O".  Elements such as
    span and a are, where they stand side by side or a capital follows a small letter: "<span>Ann Lee</span>Reporter".
    """
    parts: list[str] = []
    length = 0
    beside = False  # whether the last text ended an element that the style sheet may set apart
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walk:
        is_start, tag = event == "start", inner.tag
        added = inner.text if is_start else inner.tail if inner is not element else None
        if is_start and (tag in _INVISIBLE or tag in without):
            walk.skip_subtree()
            added = None
        if tag in _BLOCKS:
            parts.append(" ")
            beside = False
        elif tag not in _STYLING:
            if added and parts and _are_apart(parts[-1], added, beside=beside and is_start):
                parts.append(" ")
            beside = not added and (beside or not is_start)
        if added:
            parts.append(added)
            length += len(added)
            if length > limit:
                break
            beside = False
    return collapse("".join(parts)[:limit])


def _are_apart(before: str, after: str, *, beside: bool) -> bool:
    """Return whether two texts at the border of an element such as span are separate words."""
    last, first = before[-1:], after[:1]
    if beside and len(before) > 1 and len(after) > 1 and first.isalnum():
        return not (ord(last) in _CJK and ord(first) in _CJK)
    return (last.islower() and first.isupper()) or (last in ":!?|" and first.isalnum())
