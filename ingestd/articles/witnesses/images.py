"""Witness "picture": the lead image of an article, its caption and its credit; and the captions of all figures."""

import re
from dataclasses import dataclass

from lxml import etree

from ingestd import urls
from ingestd.articles.body.marked_elements import is_quotation
from ingestd.model.article import Image
from ingestd.model.markup import line_of_element

_CREDIT_NAMES = re.compile("credit|copyright|source|author|photograph|agency|attribution|rights", re.IGNORECASE)
_IN_PARENTHESES = re.compile(r"\s*[(\[]([^()\[\]]{2,120})[)\]]\s*\.?$")
_OWNER = re.compile(
    r"/| via |\b(AP|AFP|dpa|Reuters|EPA|Getty|Images?|Photos?|Foto|Picture|File|Courtesy|Press|Agency|Bild|Handout|"
    r"Pool|Keystone|Imago|Shutterstock|iStock|Alamy|Xinhua|TASS|ANSA|EFE|Kyodo)\b",
)
# Agencies that file texts: "... told reporters. (dpa)" is a paragraph with its source.
_TEXT_AGENCY = re.compile(
    r"(?:[a-z]{2,4}[/,;+-]\s?)*(?:AP|AFP|afp|dpa|DPA|APA|apa|SDA|sda|ATS|ats|Reuters|REUTERS|rtr|Xinhua|TASS|ANSA|EFE|"
    r"Kyodo|ANP|Belga|PAP|TT|NTB|KNA|epd|dts)(?:[/,; +-]+(?:[A-Z]{2,4}|[a-z]{2,4}|Reuters|REUTERS))*"
)
_AFTER_WORD = re.compile(
    r"(?:(?<![\s|–—-])[\s|–—-]+)?(?:©|\b(?:Photo(?:graph)?|Foto|Bild|Image|Picture|Credit|Crédit|Copyright|Quelle|Source)"
    r"(?:\s+(?:credit|by|courtesy of))?\s*[:©/])\s*([^.:]{2,120})\.?$",
    re.IGNORECASE,
)
_OUTSIDE = ("nav", "footer", "aside", "header")
#: Characters of a caption that are read.
_MAX_LENGTH = 5000
_SOURCES = ("src", "data-src", "data-original", "data-lazy-src")


@dataclass(frozen=True, slots=True)
class Figures:
    """The lead image and the captions of a page."""

    #: The lead image; empty when there is none.
    lead: tuple[Image, ...]
    #: All captions on the page, one line each; they are not body text.
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
        figcaption = None if is_quotation(figure) else next(figure.iter("figcaption"), None)
        line = _text_line(figcaption)
        if line:
            captions.append(line)
        href = _href(figure, url)
        if lead is None and href:
            caption, credit = _marked_credit(figcaption) or split_credit(line)
            lead = Image(href=href, caption=caption, credit=credit)
    return Figures((lead,) if lead else (), tuple(captions))


def split_credit(line: str) -> tuple[str | None, str | None]:
    """Split a line into caption and credit: "A man walks. (Ann Lee/AP)" is ("A man walks.", "Ann Lee/AP")."""
    match = _IN_PARENTHESES.search(line)
    if match is None or not _OWNER.search(match[1]):
        match = _AFTER_WORD.search(line)
    if match is None:
        return line or None, None
    return line[: match.start()].strip() or None, match[1].strip()


def is_caption(line: str) -> bool:
    """Return whether a line without caption markup is a caption: it ends in a credit in parentheses.

    An agency's name alone is no credit but the source of a paragraph.
    """
    if len(line) > 600 or not line.endswith((")", ").", "]")):
        return False
    match = _IN_PARENTHESES.search(line)
    return match is not None and bool(_OWNER.search(match[1])) and not _TEXT_AGENCY.fullmatch(match[1])


def _text_line(element: etree._Element | None) -> str:
    return "" if element is None else line_of_element(element, _MAX_LENGTH)


def _marked_credit(figcaption: etree._Element | None) -> tuple[str | None, str | None] | None:
    """Return caption and credit if the credit has an element of its own; None otherwise."""
    for element in figcaption.iterdescendants() if figcaption is not None else ():
        credit = _text_line(element)
        if _CREDIT_NAMES.search(f"{element.get('class')} {element.get('itemprop')}") and credit:
            line = _text_line(figcaption)
            if credit != line and line.endswith(credit):
                caption = line.removesuffix(credit).strip(" (|")
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
