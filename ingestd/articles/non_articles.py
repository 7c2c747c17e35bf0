"""Pages served with status 200 in place of an article: browser checks, errors, log-ins, index pages, galleries.

Each needs two signs at least: its phrases or its elements, and that it has hardly any text.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from lxml import etree

from ingestd import text
from ingestd.articles.body.blocks import Block
from ingestd.articles.body.tree import text_content

#: A text of at least this length is an article, whatever its title: "404 days at sea".
_SHORT = 1200
#: Length of a paragraph; an index page has fewer than `_MIN_PARAGRAPHS` besides its titles and excerpts.
_PARAGRAPH = 100
_MIN_PARAGRAPHS = 3
_EXCERPT = 400
_MIN_PROSE = 150
_MIN_TITLES = 8
_MIN_PICTURES = 5
_MAX_GALLERY_TEXT = 200

_TITLES = etree.XPath("//title | //h1")
_BELOW_LINKED_TITLES = etree.XPath(
    "//*[self::h2 or self::h3 or self::h4][.//a[@href]]/following-sibling::*[1]"
    " | //a[@href][h2 or h3 or h4]/following-sibling::*[1]"
)
_PICTURES = etree.XPath("count(//body//figure[.//img] | //body//li[.//img])")
_PASSWORD = etree.XPath("boolean(//input[@type='password'])")
_HAS_CHALLENGE = etree.XPath(
    "boolean(//*[self::form or self::div or self::iframe]"
    "[contains(@id, 'challenge') or contains(@id, 'captcha') or contains(@class, 'captcha')])"
)
_DECLARES_ARTICLE = etree.XPath(
    "boolean(//meta[@property='og:type'][contains(@content, 'article')] | //meta[@property='article:published_time']"
    " | //*[@itemprop='articleBody' or @itemprop='datePublished']"
    " | //script[contains(@type, 'ld+json')][contains(., 'Article\"')])"
)


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


_CHALLENGE = _any_of(
    r"just a moment|un momento|un instant|nur einen moment",
    r"attention required|pardon our interruption|security check|bot verification|ddos protection",
    r"access (?:to this page has been )?denied|unusual (?:traffic|activity)|enable javascript and cookies",
    r"are you (?:a robot|human)|verify(?:ing)? (?:that )?you are (?:a )?human|checking (?:your browser|if the site)",
)
_ERROR = _any_of(
    r"^\W*(?:(?:http|error|fehler|erreur)\W*)*(?:40[0-4]|410|429|50[0-4])(?:\W|$)",
    r"(?:error|fehler|erreur|code)\W*(?:40[0-4]|410|429|50[0-4])\b",
    r"(?:page|article|site|story) (?:was |is |could )?not (?:be )?found",
    r"(?:page|article|story) (?:is )?(?:no longer|not) available",
    r"(?:seite|artikel) (?:wurde |konnte )?nicht gefunden|page introuvable|pagina non trovata|pagina niet gevonden",
    r"página no (?:encontrada|existe)|página não encontrada|(?:sidan|siden) (?:hittades inte|ikke funnet)",
    r"service (?:temporarily )?unavailable|bad gateway|internal server error|something went wrong|under maintenance",
)
_LOG_IN = _any_of(
    r"\b(?:log ?in|log ?on|sign ?in|register|subscribe|anmeld\w+|einloggen|registrier\w+)\b",
    r"\b(?:connexion|se connecter|iniciar sesión|accedi|inloggen|logga in|logg inn)\b",
)


def describe(root: etree._Element, blocks: Sequence[Block], captions: Collection[str] = ()) -> str | None:
    """Return what kind of page this is in place of an article, as a phrase; None when it may be an article.

    `captions` are lines known to belong to pictures.
    """
    blocks = [block for block in blocks if block.text not in captions]
    length = sum(len(block.text) for block in blocks)
    if length < _SHORT:
        titles = [text.collapse(text_content(title)) for title in islice(_TITLES(root), 4)]
        lines = [*titles, *(block.text for block in blocks[:6])]
        if _any_matches(lines, _CHALLENGE) and (_any_matches(titles, _CHALLENGE) or _HAS_CHALLENGE(root)):
            return "a check whether the client is a browser"
        if _any_matches(titles, _ERROR):
            return "an error page"
        if _PASSWORD(root) and _any_matches(titles, _LOG_IN):
            return "a log-in page"
        if length < _MAX_GALLERY_TEXT and _PICTURES(root) >= _MIN_PICTURES:
            return "pictures with hardly any text"
    return "a list of links to other pages" if _is_index_page(root, blocks) else None


def _any_matches(lines: Iterable[str], phrases: re.Pattern[str]) -> bool:
    return any(phrases.search(line) for line in lines if len(line) < 300)


def _has_linked_titles(root: etree._Element) -> bool:
    """Return whether a page has as many headings that are links, or hold one, as an index page has."""
    headings = root.iter("h2", "h3", "h4")
    linked = (one for one in headings if _is_link(one.getparent()) or any(map(_is_link, one.iter("a"))))
    return sum(1 for _ in islice(linked, _MIN_TITLES)) == _MIN_TITLES


def _is_link(element: etree._Element) -> bool:
    return bool(element is not None and element.tag == "a" and element.get("href") is not None)


def _is_index_page(root: etree._Element, blocks: Sequence[Block]) -> bool:
    """Return whether a page is mostly linked titles, declares no article and has hardly a paragraph."""
    if any(len(block.text) > _EXCERPT for block in blocks) or not _has_linked_titles(root):
        return False
    if _DECLARES_ARTICLE(root):
        return False
    excerpts = {text.collapse(text_content(below)) for below in islice(_BELOW_LINKED_TITLES(root), 200)}
    paragraphs = [
        len(block.text)
        for block in blocks
        if len(block.text) >= _PARAGRAPH and not block.text.endswith(("…", "...")) and block.text not in excerpts
    ]
    total = sum(len(block.text) for block in blocks)
    return len(paragraphs) < _MIN_PARAGRAPHS and sum(paragraphs) < max(_MIN_PROSE, total / 4)
