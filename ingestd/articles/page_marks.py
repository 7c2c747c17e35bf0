"""What the page's own markup says of its article: headings, microdata, time elements, marked bylines and deks."""

import re
from collections.abc import Iterable
from itertools import islice

from lxml import etree

from ingestd import text
from ingestd.articles import bylines
from ingestd.articles.clues import Clues
from ingestd.articles.moments import Moment, find_moment, read_moment

_ITEMPROPS = etree.XPath("//*[@itemprop]")
_HEADINGS = etree.XPath("//h1")
_TIMES = etree.XPath("//time")
# One search for all that has a class, then a pattern over it: an XPath of many `contains` takes five times as long.
_CLASSED = etree.XPath("//*[@class or @rel='author']")
_AUTHOR = re.compile(r"byline|author[-_]{1,2}name|article[-_]{1,2}author|(?:^|\s)author(?:\s|$)", re.IGNORECASE)
_DEK = re.compile(
    r"(?:^|[\s_-])(?:dek|standfirst|sub-?title|sub-?head(?:line|ing)?|sub-?hed)(?:$|[\s_-])|article[-_]{1,2}summary|lead-text",
    re.IGNORECASE,
)
_DEK_TAGS = frozenset(("p", "h2", "h3", "div", "span"))
_DEK_LENGTHS = range(15, 400)
#: Of what one page marks, and how long it is, in elements and characters.
_MAX_MARKED = 200
_MAX_LENGTH = 1000


def read(root: etree._Element) -> dict[str, Clues]:
    """Return what the markup says, by witness: "itemprop", "page" and "time"."""
    heading = _heading(root)
    bylines_marked, deks = _marked(root)
    printed = next((line for line in map(bylines.clean, _texts(bylines_marked)) if line), None)
    return {
        "itemprop": _microdata(root),
        "page": Clues(
            headline=heading,
            description_text=next((dek for dek in _texts(deks) if len(dek) in _DEK_LENGTHS and dek != heading), None),
            byline=printed if printed and bylines.split([printed]) else None,
            authors=bylines.split([printed] if printed else ()),
        ),
        "time": Clues(firstcreated=_time(root)),
    }


def _marked(root: etree._Element) -> tuple[list[etree._Element], list[etree._Element]]:
    """Return the elements marked as a byline, and those marked as a dek that are no list of links in disguise."""
    authors, deks = [], []
    for element in _CLASSED(root):
        names = element.get("class") or ""
        if element.get("rel") == "author" or _AUTHOR.search(names):
            authors.append(element)
        elif element.tag in _DEK_TAGS and _DEK.search(names) and len(element.findall(".//a")) < 2:
            deks.append(element)
    return authors, deks


def _texts(elements: Iterable[etree._Element]) -> Iterable[str]:
    return map(_text, islice(elements, _MAX_MARKED))


def _text(element: etree._Element) -> str:
    """Return the text of an element, as far as a line can be long: a mark may stand around the whole page."""
    parts, length = [], 0
    for part in element.itertext():
        parts.append(part)
        length += len(part)
        if length > _MAX_LENGTH:
            break
    return text.collapse(" ".join(parts)[:_MAX_LENGTH])


def _heading(root: etree._Element) -> str | None:
    """Return the page's h1; of several the longest, since a site's name is one often enough."""
    headings = [line for line in _texts(_HEADINGS(root)) if line]
    return max(headings, key=len, default=None)


def _time(root: etree._Element) -> Moment | None:
    """Return what the first of the page's time elements says that says anything."""
    for element in _TIMES(root)[:5]:
        said = element.get("datetime")
        moment = read_moment(said) if said else find_moment(_text(element))
        if moment:
            return moment
    return None


def _microdata(root: etree._Element) -> Clues:
    said: dict[str, list[str]] = {}
    for element in islice(_ITEMPROPS(root), _MAX_MARKED):
        value = element.get("content") or element.get("datetime") or _text(element)
        for name in element.get("itemprop").split():
            if value:
                said.setdefault(name, []).append(value)
    return Clues(
        headline=next(iter(said.get("headline", ())), None),
        authors=bylines.split(said.get("author", ())[:3]),
        firstcreated=next(filter(None, map(read_moment, said.get("datePublished", ()))), None),
        versioncreated=next(filter(None, map(read_moment, said.get("dateModified", ()))), None),
        language=next(iter(said.get("inLanguage", ())), None),
    )
