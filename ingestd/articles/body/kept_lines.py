"""Line ends that a page's style keeps: `white-space: pre-line` makes of each what `<br>` is elsewhere."""

import re
from itertools import islice

from lxml import etree

# To go to the attributes is twice as fast as to ask each element for them.
_STYLED = etree.XPath("//@style[contains(., 'white-space')]/.. | //@class[contains(., 'whitespace-pre')]/..")
#: What a page's source has somewhere if it has one of those attributes: one page in three.
_HINTS = ("white-space", "whitespace-pre")
_KEEPS = re.compile(r"white-?space(?:-|:\s*)(?:pre|break-spaces)", re.IGNORECASE)
#: Elements that are looked at, and line ends in one text: a story has fewer.
_MAX_ELEMENTS, _MAX_LINES = 200, 2000
_PREFORMATTED = ("pre", "script", "style", "textarea", "br")


def mark(root: etree._Element, markup: str) -> None:
    """Put a `br` element for each line end that the style of an element, or its class, keeps.

    `markup` is what the tree was made of.
    """
    styled = _STYLED(root) if any(hint in markup for hint in _HINTS) else ()
    for element in islice(styled, _MAX_ELEMENTS):
        if _KEEPS.search(f"{element.get('style', '')} {element.get('class', '')}"[:_MAX_LINES]):
            for inner in [one for one in element.iter("*") if one.tag not in _PREFORMATTED]:
                _break_text(inner)
            for inner in [one for one in element.iterdescendants("*") if one.tag != "br"]:
                _break_tail(inner)


def _break_text(element: etree._Element) -> None:
    lines = _lines(element.text)
    if lines:
        element.text = lines[0]
        for at, line in enumerate(lines[1:]):
            element.insert(at, _line_break(line))


def _break_tail(element: etree._Element) -> None:
    lines = _lines(element.tail)
    above = element.getparent()
    if lines and above is not None:
        element.tail = lines[0]
        start = above.index(element) + 1
        for at, line in enumerate(lines[1:]):
            above.insert(start + at, _line_break(line))


def _lines(text: str | None) -> list[str]:
    """Return the lines of a text that has line ends between words, or beside them; else an empty list."""
    if not text or "\n" not in text or text.isspace():
        return []
    return text.split("\n") if text.count("\n") < _MAX_LINES else []


def _line_break(behind: str) -> etree._Element:
    element = etree.Element("br")
    element.tail = behind
    return element
