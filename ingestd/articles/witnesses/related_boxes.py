"""Boxes of other stories around a story: lists, teasers and links, whose dates and names are not the page's."""

import re
from functools import lru_cache

from lxml import etree

from ingestd.model.markup import line_of_element

_RELATED = re.compile(
    r"(?:^|[\s_-])(?:related|suggest(?:ed|ions?)|recommend(?:ed|ations?)|read-?(?:more|next|also)|more-?(?:stories|news|from)|"
    r"latest(?:-(?:news|stories|posts))?|trending|most-?(?:read|popular)|popular|sidebar|teasers?|cards?)(?:$|[\s_-])",
    re.IGNORECASE,
)
_LINKED_TITLES = etree.XPath("(.//h2|.//h3|.//h4)[.//a or parent::a]")
#: Characters and words of a label such as "Published on" in a link around a time.
_MAX_LABEL = 20
_MAX_LABEL_WORDS = 2
_MAX_LENGTH = 1000
#: Characters of a box; a list of other stories is a box for each of them, or for all.
_MAX_BOX = 2000
_WORD = re.compile(r"[^\W\d_]{3,}")
_DIGIT = re.compile(r"\d")
#: Characters of an element's class attribute that are read.
_MAX_CLASSES = 300


def is_of_another_story(element: etree._Element) -> bool:
    """Return whether an element stands in a box of other stories, or in a link that says more than it."""
    line = line_of_element(element, _MAX_LENGTH)
    for ancestor in element.iterancestors():
        if ancestor.tag == "a":
            # A link around the time alone is mostly the page's own, as WordPress prints it.
            if _says_more(line_of_element(ancestor, _MAX_LENGTH), line):
                return True
        elif is_box(ancestor):
            return True
    return False


def is_box(element: etree._Element) -> bool:
    """Return whether an element is a menu or a box of other stories; one with an h1 is not."""
    tag = element.tag
    if tag in ("nav", "aside", "footer") or ((names := element.get("class")) and _is_related(names[:_MAX_CLASSES])):
        return not _has(element, "h1")
    if tag not in ("li", "article") or not _has(element, "h2", "h3", "h4"):
        return False
    return bool(_LINKED_TITLES(element)) and not _has(element, "h1")


def _has(element: etree._Element, *tags: str) -> bool:
    return next(element.iterdescendants(*tags), None) is not None


def is_box_or_dated_link(element: etree._Element) -> bool:
    """Return whether an element is such a box, or a link with more than a date in it."""
    if element.tag == "a":
        line = line_of_element(element, _MAX_LENGTH) if len(element) else element.text or ""
        return bool(_DIGIT.search(line)) and _says_more(line, "")
    # A footer may say when the page was written; an element with much text, or without a link, is no teaser.
    return element.tag != "footer" and is_box(element) and (element.tag == "nav" or _is_small_with_link(element))


def _is_small_with_link(element: etree._Element) -> bool:
    has_link = any(link.get("href") is not None for link in element.iterdescendants("a"))
    return has_link and len(line_of_element(element, _MAX_BOX + 1)) <= _MAX_BOX


def _says_more(link: str, line: str) -> bool:
    if len(link) <= len(line):
        return False
    if len(link) > len(line) + _MAX_LABEL and line:
        return True
    return len(_WORD.findall(link)) - len(_WORD.findall(line)) > (_MAX_LABEL_WORDS if line else 2 * _MAX_LABEL_WORDS)


@lru_cache(maxsize=4096)
def _is_related(names: str) -> bool:
    return _RELATED.search(names) is not None
