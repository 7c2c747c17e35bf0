"""Witnesses in the page's markup: headings, marked bylines and deks, microdata, author links, time elements."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice

from lxml import etree

from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines, page_headings
from ingestd.articles.witnesses.page_headings import PageHeadings
from ingestd.articles.witnesses.related_boxes import is_box, is_of_another_story
from ingestd.articles.witnesses.stated_times import find_stated_time, language_of_page, read_stated_time
from ingestd.dates.stated_time import StatedTime
from ingestd.model.markup import line_of_element

_ITEMPROPS = etree.XPath("//@itemprop/..")
_BY_AUTHORS = etree.XPath("//@rel[. = 'author']/..")
_AUTHOR = re.compile(
    r"byline|author[-_]{1,2}names?|article[-_]{1,2}author|detail_{1,2}authors|(?:^|\s)(?:(?:post|entry|story|news|nota|meta)[-_]{1,2})?"
    r"(?:author|autor|autora|autores|auteur|autore|"
    r"autorius|autors|avtor|kirjoittaja|szerzo|forfatter|forfattare|skribent|penulis|yazar|muhabir|reporter|journalist|periodista|redactor|firma|writer)"
    r"(?:\s|$)",
    re.IGNORECASE,
)
_AUTHOR_PAGE = re.compile(r"/(?:authors?|autor(?:en|es|as)?|auteurs?)/", re.IGNORECASE)
# A paywall box has little text; an element with this class and a long text is the story behind the paywall.
_WALL = re.compile(r"(?:^|[\s_-])(?:pay-?wall|reg-?wall|subscribe-?wall)", re.IGNORECASE)
_WALL_LENGTHS = range(20, 600)
#: More links than these come from a list of other stories; so do more marked authors than `_MAX_GROUP`.
_MAX_AUTHORS = 3
_MAX_GROUP = 12
#: Characters beside each name in an element that holds authors alone: commas, "and", a role.
_BESIDE_NAME = 30
_DEK = re.compile(
    r"(?:^|[\s_-])(?:dek|standfirst|sub-?title|sub-?head(?:line|ing)?|sub-?hed)(?:$|[\s_-])|article[-_]{1,2}summary|lead-text",
    re.IGNORECASE,
)
#: What a class marks; an element with several is of the first kind.
_KINDS = ("author", "dek", "wall")
#: Each class that marks a byline, a dek or a paywall has one of these words; they are searched for first.
_MARKING_WORDS = re.compile(
    "byline|aut(?:h?or|eur)|pe(?:nulis|riodista)|yazar|muhabir|re(?:porter|dactor)|journalist|firma|writer|avtor|"
    "kirjoittaja|szerzo|forfatt(?:er|are)|skribent|dek|title|hea?d|s(?:ummary|tandfirst)|lead|wall"
)
_PICTURE_TYPES = re.compile(r"/(?:Image|Video|Media|Audio)Object$")
_ORGANISATION = re.compile(r"/(?:NewsMedia)?Organi[sz]ation$")
#: Boxes that say who the author is.
_BIO = re.compile(
    r"(?:^|[\s_-])(?:author|autor|auteur)s?[\s_-](?:bio|box|info|card)|(?:^|[\s_-])bio(?:$|[\s_-])", re.IGNORECASE
)
#: Boxes of readers' comments.
_COMMENTS = re.compile(
    r"(?:^|[\s_-])(?:comments?|kommentare?|commentaires?|comentarios?|comentários?|commenti|reacties|komentarze?|"
    r"leser(?:brief|briefe|post|kommentare?)|disqus|yorumlar|комментари[ий])(?:$|[\s_-])",
    re.IGNORECASE,
)
_UPDATED = re.compile(r"(?:^|[\s_-])(?:updated|modified|date-?modified)(?:$|[\s_-])", re.IGNORECASE)
_DEK_TAGS = frozenset(("p", "h2", "h3", "div", "span"))
_DEK_LENGTHS = range(15, 400)
#: Time elements that are looked at.
_MAX_TIMES = 40
#: Marked elements that are read, and the characters of each.
_MAX_MARKED = 200
_MAX_LENGTH = 1000
#: Characters of an element's class attribute that are read.
_MAX_CLASSES = 300


def read(root: etree._Element, headings: PageHeadings | None = None) -> dict[str, Clues]:
    """Return the clues in the markup, by witness: "itemprop", "page", "links" (to authors' pages) and "time"."""
    heading = page_headings.heading(root, headings)
    marked = _marked(root)
    byline = _byline(marked["author"])
    names = bylines.people(dict.fromkeys(_texts(_outside_boxes(marked["link"]))))
    deks = (
        line
        for dek in marked["dek"][:_MAX_MARKED]
        if len(line := _text(dek)) in _DEK_LENGTHS and line != heading and not _is_set_apart(dek)
    )
    return {
        "itemprop": _microdata(root),
        "page": Clues(
            headline=heading,
            description_text=next(deks, None),
            byline=byline,
            authors=bylines.people([byline] if byline else ()),
            paywall=any(len(line) in _WALL_LENGTHS for line in _texts(marked["wall"])) or None,
        ),
        "links": Clues(byline=bylines.join(names), authors=names) if len(names) <= _MAX_AUTHORS else Clues(),
        "time": Clues(firstcreated=_time(root), versioncreated=_updated(root)),
    }


def _outside_boxes(links: Sequence[etree._Element]) -> Sequence[etree._Element]:
    """Return the links to authors that stand in no box of other stories, or all if every one does."""
    read = links[:_MAX_MARKED]
    outside = [link for link in read if not any(map(_is_side_box, link.iterancestors()))]
    return outside or read


def _is_side_box(element: etree._Element) -> bool:
    return element.tag != "footer" and is_box(element)  # the footer of a post may name who wrote it


def _is_set_apart(dek: etree._Element) -> bool:
    """Return whether an element marked as a dek is another story's, or says who the author is."""
    around = (dek, *islice(dek.iterancestors(), 3))
    if any(one.tag == "a" or _BIO.search((one.get("class") or "")[:_MAX_CLASSES]) for one in around):
        return True
    return is_of_another_story(dek)


def _marked(root: etree._Element) -> dict[str, list[etree._Element]]:
    """Return the elements marked as "author", "dek" (without lists of links) or "wall" (paywall), by kind.

    The kind "link" is a link to an author's own page.
    """
    found: dict[str, list[etree._Element]] = {"author": [], "dek": [], "wall": [], "link": []}
    by_authors = set(_BY_AUTHORS(root))
    kinds: dict[str | None, str | None] = {None: None, "": None}
    for element in root.iter("*"):
        names = element.get("class")
        if names not in kinds:
            kinds[names] = _kind(names[:_MAX_CLASSES])
        kind = "author" if element in by_authors else kinds[names]
        if kind and (kind != "dek" or (element.tag in _DEK_TAGS and len(element.findall(".//a")) < 2)):
            found[kind].append(element)
    for link in root.iter("a"):
        href = link.get("href")
        if href and "/aut" in href.lower() and _AUTHOR_PAGE.search(href):
            is_marked = link.get("class") is not None or link in by_authors
            found["link"] += [link] if is_marked or "/aut" in href else []
    return found


@lru_cache(maxsize=4096)  # the pages of a site share their classes
def _kind(names: str) -> str | None:
    if not _MARKING_WORDS.search(names.lower()):
        return None
    kinds = {kind for name in names.split() if (kind := _kind_of_name(name))}
    return min(kinds, key=_KINDS.index, default=None)


@lru_cache(maxsize=4096)  # sites differ in how they combine names more than in the names
def _kind_of_name(name: str) -> str | None:
    if not _MARKING_WORDS.search(name.lower()):
        return None
    return "author" if _AUTHOR.search(name) else "dek" if _DEK.search(name) else "wall" if _WALL.search(name) else None


def _byline(elements: Sequence[etree._Element]) -> str | None:
    """Return the first marked byline that names a person, or else the first that begins with "By".

    If each author has an element, adjacent elements are one byline.
    """
    desk = None
    for element in elements[:_MAX_MARKED]:
        line = _author_line(element)
        byline = bylines.clean(line)
        if byline and bylines.people([byline]) and not _is_comment(element):
            return _group(element, elements) or byline
        desk = desk or (byline if bylines.is_byline(line) else None)
    return desk


def _is_comment(element: etree._Element) -> bool:
    return any(
        _COMMENTS.search((above.get("class") or "")[:_MAX_CLASSES]) for above in islice(element.iterancestors(), 4)
    )


def _group(first: etree._Element, elements: Sequence[etree._Element]) -> str | None:
    """Return the byline of all marked elements that stand together in or with the first one; None when it is alone."""
    for holder in (first, *islice(first.iterancestors(), 3)):
        if holder.tag in ("body", "html", "article", "main"):
            return None
        inside = [one for one in elements[:_MAX_MARKED] if one is not holder and holder in one.iterancestors()]
        # Of elements within each other, the inner ones are the names.
        names = [
            one for one in inside if not any(other is not one and one in other.iterancestors() for other in inside)
        ]
        lines = list(dict.fromkeys(filter(None, map(_author_line, names))))
        if 2 <= len(lines) <= _MAX_GROUP:
            whole = _text(holder)
            if len(whole) > sum(len(line) + _BESIDE_NAME for line in lines):
                return None
            people = bylines.distinct(bylines.people(lines))
            printed = bylines.people([whole])
            if bylines.is_byline(whole) and set(people) <= set(printed):
                return bylines.clean(whole)
            return bylines.join(people) if people != bylines.people([_text(first)]) else None
    return None


def _texts(elements: Iterable[etree._Element]) -> Iterable[str]:
    return map(_text, islice(elements, _MAX_MARKED))


def _text(element: etree._Element) -> str:
    """Return the first `_MAX_LENGTH` characters of an element's text: a marked element may contain the whole page."""
    return line_of_element(element, _MAX_LENGTH)


def _author_line(element: etree._Element) -> str:
    """Return the text of an author's element, without the role that an element behind the name states."""
    own = " ".join((element.text or "").split())
    roles = [_text(inner) for inner in element] if own and len(element) else []
    is_person = bool(roles) and len(bylines.people([own])) == 1 and not own.endswith(",")
    return own if is_person and not any(map(_names_people, roles)) else _text(element)


def _names_people(line: str) -> bool:
    return not line or bool(bylines.people([line])) or bylines.is_byline(line)


def _updated(root: etree._Element) -> StatedTime | None:
    """Return the time of the first time element that is marked as that of an update."""
    marked = (
        element
        for element in islice(root.iter("time"), _MAX_TIMES)
        if _UPDATED.search(names := element.get("class", "")[:_MAX_CLASSES]) and "publi" not in names
    )
    own = (element.get("datetime") for element in marked if not is_of_another_story(element))
    return next((time for value in own if (time := read_stated_time(value))), None)


def _time(root: etree._Element) -> StatedTime | None:
    """Return the time of the first time element that states one and does not belong to another story."""
    language = language_of_page(root)
    own = (element for element in islice(root.iter("time"), _MAX_TIMES) if not is_of_another_story(element))
    for element in islice(own, 5):
        attribute = element.get("datetime")
        time = read_stated_time(attribute, language) if attribute else find_stated_time(_text(element), language)
        if time:
            return time
    return None


def _first_time(values: Iterable[str], language: str | None) -> StatedTime | None:
    return next((time for value in values if (time := read_stated_time(value, language))), None)


def _microdata(root: etree._Element) -> Clues:
    values: dict[str, list[str]] = {}
    authors: list[etree._Element] = []
    for element in islice(_ITEMPROPS(root), _MAX_MARKED):
        names = element.get("itemprop").split()
        if "author" in names and _is_signature(element):
            authors.append(element)
        value = element.get("content") or element.get("datetime") or _text(element)
        for name in names:
            if value:
                values.setdefault(name, []).append(value)
    printed = _item_authors(authors)
    return Clues(
        headline=next(iter(values.get("headline", ())), None),
        byline=bylines.join(printed),
        authors=bylines.people(printed),
        firstcreated=_first_time(values.get("datePublished", ()), language_of_page(root)),
        versioncreated=_first_time(values.get("dateModified", ()), language_of_page(root)),
        language=next(iter(values.get("inLanguage", ())), None),
    )


def _item_authors(elements: Sequence[etree._Element]) -> list[str]:
    """Return the names of the authors of the first item; those of other items wrote other stories."""
    item = _item_of(elements[0]) if elements else None
    names: list[str] = []
    for element in [one for one in elements if _item_of(one) is item][:_MAX_GROUP]:
        inner = [one for one in element.iter() if "name" in (one.get("itemprop") or "").split() and one is not element]
        names += [one.get("content") or _text(one) for one in inner or [element]]
    return names


def _is_signature(element: etree._Element) -> bool:
    """Return whether an author is neither a picture's nor an organisation that the page does not print."""
    item = _item_of(element)
    if item is not None and _PICTURE_TYPES.search(item.get("itemtype") or ""):
        return False
    return not _ORGANISATION.search(element.get("itemtype") or "") or bool(_text(element))


def _item_of(element: etree._Element) -> etree._Element | None:
    return next((above for above in element.iterancestors() if above.get("itemscope") is not None), None)
