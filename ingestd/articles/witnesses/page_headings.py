"""The page's own headline among its headings, and its titles, by which other readers tell its story from others."""

from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree

from ingestd import text
from ingestd.articles.body.marked_elements import STRONG, is_hidden, mark_strength
from ingestd.articles.witnesses import headlines
from ingestd.model.markup import line_of_element

_SEPARATORS = "|-–—·•:»›<"
_MAX_LENGTH = 1000
#: Headings and titles that are read.
_MAX_HEADINGS = 20
#: A shorter heading may be in a title by chance.
_MIN_HEADING = 8


@dataclass(frozen=True, slots=True)
class PageHeadings:
    """The page's titles, and the headings that may be its headline."""

    titles: tuple[str, ...]
    headings: tuple[etree._Element, ...]


def read(root: etree._Element) -> PageHeadings:
    """Return the titles of a page and its own h1 elements."""
    titles = page_titles(root)
    return PageHeadings(titles, tuple(own_headings(root, titles)))


def heading(root: etree._Element, found: PageHeadings | None = None) -> str | None:
    """Return the page's printed headline; None when its headings are of the site, hidden, or in a dialog.

    Of several h1 elements the one that a title of the page names, or else the longest.  Without an h1, an h2 that a
    title begins with, or that has a kicker before a title.  `found` is what `read` returns.
    """
    found = found or read(root)
    titles = found.titles
    lines = [line for element in found.headings if (line := line_of(element))]
    named = [line for line in lines if is_titled(line, titles)]
    if lines:
        return max(named or lines, key=len)
    below = (line_of(element) for element in islice(root.iter("h2"), _MAX_HEADINGS))
    return next((line for line in below if len(line) >= _MIN_HEADING and _names_page(line, titles)), None)


def _names_page(line: str, titles: tuple[str, ...]) -> bool:
    return is_titled(line, titles) or any(headlines.prints(line, title) for title in titles)


def own_headings(root: etree._Element, titles: tuple[str, ...]) -> list[etree._Element]:
    """Return the h1 elements that are neither the site's name nor hidden or in a dialog, in document order."""
    # Some publishers write the headline where an application's name belongs.
    names = (meta.get("content") for meta in root.iter("meta") if _names_site(meta))
    sites = {text.fold(name) for name in names if name} - set(titles)
    found = ((element, text.fold(line_of(element))) for element in islice(root.iter("h1"), _MAX_HEADINGS))
    return [
        element
        for element, folded in found
        if not _is_site_name(element, folded, sites, titles)
        and not _is_set_aside(element, titled=_is_titled(folded, titles))
    ]


def page_titles(root: etree._Element) -> tuple[str, ...]:
    """Return the title element and the titles for social networks, folded."""
    titled = (element for element in root.iter("title", "meta") if element.tag == "title" or _is_title(element))
    found = (element.get("content") or element.text for element in islice(titled, 5))
    return tuple(text.fold(title) for title in found if title)


def _names_site(meta: etree._Element) -> bool:
    return bool(meta.get("property") == "og:site_name" or meta.get("name") == "application-name")


def _is_title(meta: etree._Element) -> bool:
    return bool(meta.get("property") == "og:title" or meta.get("name") == "twitter:title")


def is_titled(line: str, titles: tuple[str, ...]) -> bool:
    """Return whether a title of the page is a line, or begins or ends with it beside the site's name or a section."""
    return _is_titled(text.fold(line), titles)


def _is_titled(folded: str, titles: tuple[str, ...]) -> bool:
    return bool(folded) and any(
        title == folded or (len(folded) >= _MIN_HEADING and (title.startswith(folded) or title.endswith(folded)))
        for title in titles
    )


def line_of(element: etree._Element) -> str:
    """Return the text of a heading on one line, without its buttons."""
    return line_of_element(element, _MAX_LENGTH, without=("button", "form", "select", "svg", "nav"))


def _is_site_name(element: etree._Element, folded: str, sites: set[str], titles: tuple[str, ...]) -> bool:
    if folded in sites or any(_is_behind_a_separator(folded, title) for title in titles):
        return True
    links = [link.get("href") or "#" for link in element.iter("a")]
    parent = element.getparent()
    links += [parent.get("href") or "#"] if parent is not None and parent.tag == "a" else []
    is_home = bool(links) and all(urlsplit(link).path in ("", "/") and not link.startswith("#") for link in links[:3])
    return is_home and folded not in titles


def _is_behind_a_separator(folded: str, title: str) -> bool:
    """Return whether a title ends in a name behind a separator, as in "Storm nears - The Paper"."""
    before = title.removesuffix(folded).rstrip()
    return (
        bool(folded)
        and title.endswith(folded)
        and before != title
        and len(before) > len(folded)
        and before[-1:] in _SEPARATORS
    )


def _is_set_aside(element: etree._Element, *, titled: bool) -> bool:
    """Return whether a heading is hidden, or in a dialog, a consent box or a footer.

    One that the page's title names may stand in the page's header, or in the caption of the lead picture.
    """
    if is_hidden(element):
        return True
    for above in element.iterancestors():
        if above.tag in ("body", "article", "main"):
            return False
        if titled and above.tag in ("header", "aside", "figcaption"):
            continue
        if above.tag in ("footer", "nav", "aside", "dialog") or is_hidden(above) or mark_strength(above) >= STRONG:
            return True
    return False
