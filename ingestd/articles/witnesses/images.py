"""The picture that leads an article, its caption, and whose it is."""

import re
from dataclasses import dataclass

from lxml import etree

from ingestd import text, urls
from ingestd.model.article import Image

_CREDIT_MARKS = re.compile("credit|copyright|source|author|photograph|agency|attribution|rights", re.IGNORECASE)
_IN_PARENTHESES = re.compile(r"\s*[(\[]([^()\[\]]{2,120})[)\]]\s*\.?$")
_OWNER = re.compile(
    r"/| via |\b(AP|AFP|dpa|Reuters|EPA|Getty|Images?|Photos?|Foto|Picture|File|Courtesy|Press|Agency|Bild|Handout|"
    r"Pool|Keystone|Imago|Shutterstock|iStock|Alamy|Xinhua|TASS|ANSA|EFE|Kyodo)\b",
)
_AFTER_WORD = re.compile(
    r"(?:(?<![\s|–—-])[\s|–—-]+)?(?:©|\b(?:Photo(?:graph)?|Foto|Bild|Image|Picture|Credit|Crédit|Copyright|Quelle|Source)"
    r"(?:\s+(?:credit|by|courtesy of))?\s*[:©/])\s*([^.:]{2,120})\.?$",
    re.IGNORECASE,
)
_OUTSIDE = ("nav", "footer", "aside", "header")
_SOURCES = ("src", "data-src", "data-original", "data-lazy-src")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a page's figures hold."""

    #: The lead image, or nothing.
    lead: tuple[Image, ...]
    #: Every caption on the page as one line: none of them is body text.
    captions: tuple[str, ...]


def read(root: etree._Element, url: str) -> Figures:
    """Return the page's first figure with a picture in it, and all captions."""
    lead: Image | None = None
    captions = []
    for figure in root.iter("figure"):
        if (
            next(figure.iterancestors(*_OUTSIDE), None) is not None
            and next(figure.iterancestors("article"), None) is None
        ):
            continue
        legend = next(figure.iter("figcaption"), None)
        whole = _line(legend)
        if whole:
            captions.append(whole)
        href = _href(figure, url)
        if lead is None and href:
            caption, credit = _marked(legend) or split_credit(whole)
            lead = Image(href=href, caption=caption, credit=credit)
    return Figures((lead,) if lead else (), tuple(captions))


def split_credit(line: str) -> tuple[str | None, str | None]:
    """Part a caption from its credit: "A man walks. (Ann Lee/AP)" is ("A man walks.", "Ann Lee/AP")."""
    match = _IN_PARENTHESES.search(line)
    if match is None or not _OWNER.search(match[1]):
        match = _AFTER_WORD.search(line)
    if match is None:
        return line or None, None
    return line[: match.start()].strip() or None, match[1].strip()


def is_caption(line: str) -> bool:
    """Say whether a line that nothing marks is a caption: it ends in a credit in parentheses."""
    if len(line) > 600 or not line.endswith((")", ").", "]")):
        return False
    match = _IN_PARENTHESES.search(line)
    return match is not None and bool(_OWNER.search(match[1]))


def _line(element: etree._Element | None) -> str:
    return "" if element is None else text.collapse(" ".join(element.itertext()))


def _marked(legend: etree._Element | None) -> tuple[str | None, str | None] | None:
    """Return caption and credit where the credit has an element of its own."""
    for element in legend.iterdescendants() if legend is not None else ():
        credit = _line(element)
        if _CREDIT_MARKS.search(f"{element.get('class')} {element.get('itemprop')}") and credit:
            whole = _line(legend)
            if credit != whole and whole.endswith(credit):
                caption = whole.removesuffix(credit).strip(" (|")
                owner = credit.strip("() ")
                return caption or None, _AFTER_WORD.sub(r"\1", owner) or owner
    return None


def _href(figure: etree._Element, url: str) -> str | None:
    for image in figure.iter("img"):
        for name in _SOURCES:
            href = urls.resolve(url, image.get(name))
            if href:
                return href
    return None
