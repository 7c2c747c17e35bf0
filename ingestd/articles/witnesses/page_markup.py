"""What the page's own markup says of its article: headings, microdata, time elements, marked bylines and deks."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from lxml import etree

from ingestd import text
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines
from ingestd.articles.witnesses.stated_times import StatedTime, find_stated_time, read_stated_time

_ITEMPROPS = etree.XPath("//*[@itemprop]")
_HEADINGS = etree.XPath("//h1")
_TIMES = etree.XPath("//time")
# One search for all that has a class, then a pattern over it: an XPath of many `contains` takes five times as long.
_CLASSED = etree.XPath("//*[@class or @rel='author' or contains(@href, '/aut')]")
_AUTHOR = re.compile(r"byline|author[-_]{1,2}name|article[-_]{1,2}author|(?:^|\s)author(?:\s|$)", re.IGNORECASE)
_AUTHOR_PAGE = re.compile(r"/(?:authors?|autor(?:en|es|as)?|auteurs?)/", re.IGNORECASE)
# A wall has little text of its own; where a story is marked as what lies behind one, the mark stands around all of it.
_WALL = re.compile(r"(?:^|[\s_-])(?:pay-?wall|reg-?wall|subscribe-?wall)", re.IGNORECASE)
_WALL_LENGTHS = range(20, 600)
#: More names than these are of a list of other stories.
_MOST_AUTHORS = 3
_DEK = re.compile(
    r"(?:^|[\s_-])(?:dek|standfirst|sub-?title|sub-?head(?:line|ing)?|sub-?hed)(?:$|[\s_-])|article[-_]{1,2}summary|lead-text",
    re.IGNORECASE,
)
_DEK_TAGS = frozenset(("p", "h2", "h3", "div", "span"))
_DEK_LENGTHS = range(15, 400)
#: Of what one page marks, and how long it is, in elements and characters.
_MAX_MARKED = 200
_MAX_LENGTH = 1000
#: What is remembered of an element's classes, in characters.
_MAX_CLASSES = 300


def read(root: etree._Element) -> dict[str, Clues]:
    """Return what the markup says, by witness: "itemprop", "page", "links" (to authors' own pages) and "time"."""
    heading = _heading(root)
    marked = _marked(root)
    printed = _byline(_texts(marked["author"]))
    names = bylines.people(dict.fromkeys(_texts(marked["link"])))
    deks = (dek for dek in _texts(marked["dek"]) if len(dek) in _DEK_LENGTHS and dek != heading)
    return {
        "itemprop": _microdata(root),
        "page": Clues(
            headline=heading,
            description_text=next(deks, None),
            byline=printed,
            authors=bylines.people([printed] if printed else ()),
            paywall=any(len(line) in _WALL_LENGTHS for line in _texts(marked["wall"])) or None,
        ),
        "links": Clues(byline=bylines.join(names), authors=names) if len(names) <= _MOST_AUTHORS else Clues(),
        "time": Clues(firstcreated=_time(root)),
    }


def _marked(root: etree._Element) -> dict[str, list[etree._Element]]:
    """Return the elements marked as "author", "dek" (none that is a list of links in disguise) and "wall".

    A "link" leads to an author's own page.
    """
    found: dict[str, list[etree._Element]] = {"author": [], "dek": [], "wall": [], "link": []}
    for element in _CLASSED(root):
        mark = "author" if element.get("rel") == "author" else _mark((element.get("class") or "")[:_MAX_CLASSES])
        if mark and (mark != "dek" or (element.tag in _DEK_TAGS and len(element.findall(".//a")) < 2)):
            found[mark].append(element)
        if element.tag == "a" and _AUTHOR_PAGE.search(element.get("href", "")):
            found["link"].append(element)
    return found


@lru_cache(maxsize=4096)  # a page has thousands of elements and a few hundred classes
def _mark(names: str) -> str | None:
    return (
        "author" if _AUTHOR.search(names) else "dek" if _DEK.search(names) else "wall" if _WALL.search(names) else None
    )


def _byline(lines: Iterable[str]) -> str | None:
    """Return the first marked byline that names a person, or else the first that is led by "By"."""
    desk = None
    for line in lines:
        printed = bylines.clean(line)
        if printed and bylines.people([printed]):
            return printed
        desk = desk or (printed if bylines.is_byline(line) else None)
    return desk


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


def _time(root: etree._Element) -> StatedTime | None:
    """Return what the first of the page's time elements says that says anything."""
    for element in _TIMES(root)[:5]:
        said = element.get("datetime")
        moment = read_stated_time(said) if said else find_stated_time(_text(element))
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
        byline=bylines.join(said.get("author", ())[:3]),
        authors=bylines.people(said.get("author", ())[:3]),
        firstcreated=next(filter(None, map(read_stated_time, said.get("datePublished", ()))), None),
        versioncreated=next(filter(None, map(read_stated_time, said.get("dateModified", ()))), None),
        language=next(iter(said.get("inLanguage", ())), None),
    )
