"""Boxes of a page's interface, told by their elements, in any language: requests for consent, and paywalls."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, takewhile

from lxml import etree

from ingestd.articles.body import interface_lines
from ingestd.articles.body.walk import PlacedBlock

#: A box has no more characters, and surrounds its text in no more elements.
_MAX_CONSENT, _MAX_WALL = 700, 600
_LEVELS = 4
#: Blocks at the end of the story, and below it, that are looked at for a paywall.
_BEFORE_END, _BELOW_END = 5, 6
#: Of so many elements of one kind side by side, none is a box: they are posts of a live blog.
_POSTS = 3
_AROUND = frozenset(("html", "body", "main", "article"))
_ACTIONS = etree.XPath(
    "boolean(.//button | .//input[not(@type='hidden')] | .//*[@role='button' or @role='switch'] | .//form)"
)
_ACTIONS_OR_LINKS = etree.XPath("boolean(.//button | .//input[not(@type='hidden')] | .//a | .//form | self::a)")
_WALL = re.compile(
    r"(?:pay|reg|subscri(?:be|ption|ber)|meter(?:ed)?|premium|abo|plus|content|article|login)[-_]?(?:wall|gate)(?![a-z])|"
    r"(?:^|[\s_-])(?:premium|plus|abo|subscri(?:be|ption|ber))[-_](?:box|overlay|hint|hinweis|barrier|lock|message|required)|"
    r"(?:^|[\s_-])(?:locked|barrier)[-_](?:content|article|page|box|message)|(?:content|article)[-_](?:locked|lock|barrier)|"
    r"(?:^|[\s_-])(?:tp-container|piano-(?:container|offer|inline)|zephr-\w+)",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_INVISIBLE = re.compile(r"display:\s*none|visibility:\s*hidden", re.IGNORECASE)
_MAX_NAMES = 500


def is_consent_box(placed: PlacedBlock) -> bool:
    """Return whether a block stands in a small box with a button that speaks of consent and of embedded content."""
    if placed.block.tag == "blockquote" or not interface_lines.speaks_of_privacy(placed.block.text):
        return False
    for box, text in _boxes(_around(placed.element), _MAX_CONSENT):
        if _ACTIONS(box):
            return interface_lines.names_embed(text) and not _is_post(box)
    return False


def near_end(placed: Sequence[PlacedBlock], kept: Sequence[int]) -> Iterator[int]:
    """Return the indexes of the last blocks of a story, and of those below it."""
    yield from kept[-_BEFORE_END:]
    yield from range(kept[-1] + 1, min(kept[-1] + 1 + _BELOW_END, len(placed))) if kept else ()


def is_wall_box(placed: PlacedBlock) -> bool:
    """Return whether a block stands in a visible box that is named a paywall and offers something to do."""
    around = _around(placed.element)
    named = [_is_named_wall(box) for box in around]
    if not any(named):
        return False
    for is_named, (box, text) in zip(named, _boxes(around, _MAX_WALL), strict=False):
        if (
            is_named
            and text
            and _ACTIONS_OR_LINKS(box)
            and not any(map(_is_hidden, (box, *islice(box.iterancestors(), _LEVELS))))
        ):
            return True
    return False


def _around(element: etree._Element) -> list[etree._Element]:
    """Return an element and those around it that may be a box, from the inside."""
    return list(takewhile(lambda box: box.tag not in _AROUND, (element, *islice(element.iterancestors(), _LEVELS))))


def _is_named_wall(box: etree._Element) -> bool:
    names = f"{box.get('class', '')[:_MAX_NAMES]} {box.get('id', '')[:_MAX_NAMES]}"
    return len(names) > 1 and _names_wall(names)


@lru_cache(maxsize=1024)  # the blocks at the end of a story stand in the same elements
def _names_wall(names: str) -> bool:
    return _WALL.search(_CAMEL.sub("-", names)) is not None


def _boxes(around: Iterable[etree._Element], longest: int) -> Iterator[tuple[etree._Element, str]]:
    """Yield each of the elements around a block with its text, as long as that is short."""
    for box in around:
        parts, length = [], 0
        for part in box.itertext():
            parts.append(part)
            length += len(part.strip())
            if length > longest:
                return
        yield box, " ".join("".join(parts).split())


def _is_post(box: etree._Element) -> bool:
    above = box.getparent()
    names = box.get("class")
    alike = (one for one in (above if above is not None else ()) if one.tag == box.tag and one.get("class") == names)
    return sum(1 for _ in islice(alike, _POSTS)) == _POSTS


def _is_hidden(element: etree._Element) -> bool:
    return (
        "hidden" in element.attrib
        or element.get("aria-hidden") == "true"
        or _INVISIBLE.search(element.get("style", "")) is not None
    )
