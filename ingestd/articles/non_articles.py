"""Pages that answer in place of an article, with status 200: challenges, errors, log-ins, fronts, galleries.

Each is told by two signs at least: what it says, or is made of, and that there is hardly a text.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from lxml import etree

from ingestd import text
from ingestd.articles.body.blocks import Block

#: A text of this length is an article, whatever its title: "404 days at sea".
_SHORT = 1200
#: A front has titles and excerpts, and few paragraphs of this length that are neither.
_PARAGRAPH = 100
_FEW_PARAGRAPHS = 3
_EXCERPT = 400
_MOTTO = 150
_MANY_TITLES = 8
_MANY_PICTURES = 5
_GALLERY_TEXT = 200

_TITLES = etree.XPath("//title | //h1")
_LINKED_TITLES = etree.XPath("count(//*[self::h2 or self::h3 or self::h4][.//a[@href] or parent::a[@href]])")
_BELOW_TITLES = etree.XPath(
    "//*[self::h2 or self::h3 or self::h4][.//a[@href]]/following-sibling::*[1]"
    " | //a[@href][h2 or h3 or h4]/following-sibling::*[1]"
)
_PICTURES = etree.XPath("count(//body//figure[.//img] | //body//li[.//img])")
_PASSWORD = etree.XPath("boolean(//input[@type='password'])")
_CHALLENGED = etree.XPath(
    "boolean(//*[self::form or self::div or self::iframe]"
    "[contains(@id, 'challenge') or contains(@id, 'captcha') or contains(@class, 'captcha')])"
)
_IS_ARTICLE = etree.XPath(
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
    """Return what a page is that is no article, as a phrase; None when it may be one.

    `captions` are lines known to belong to pictures.
    """
    blocks = [block for block in blocks if block.text not in captions]
    length = sum(len(block.text) for block in blocks)
    if length < _SHORT:
        titles = [text.collapse(title.text_content()) for title in islice(_TITLES(root), 4)]
        said = [*titles, *(block.text for block in blocks[:6])]
        if _says(said, _CHALLENGE) and (_says(titles, _CHALLENGE) or _CHALLENGED(root)):
            return "a check whether its reader is a browser"
        if _says(titles, _ERROR):
            return "an error page"
        if _PASSWORD(root) and _says(titles, _LOG_IN):
            return "a log-in page"
        if length < _GALLERY_TEXT and _PICTURES(root) >= _MANY_PICTURES:
            return "pictures with hardly a text"
    return "a list of links to other pages" if _is_front(root, blocks) else None


def _says(lines: Iterable[str], phrases: re.Pattern[str]) -> bool:
    return any(phrases.search(line) for line in lines if len(line) < 300)


def _is_front(root: etree._Element, blocks: Sequence[Block]) -> bool:
    """Say whether most is titles that are links: the page names itself no article, and has hardly a paragraph."""
    if any(len(block.text) > _EXCERPT for block in blocks) or _LINKED_TITLES(root) < _MANY_TITLES or _IS_ARTICLE(root):
        return False
    excerpts = {text.collapse(below.text_content()) for below in islice(_BELOW_TITLES(root), 200)}
    whole = [
        len(block.text)
        for block in blocks
        if len(block.text) >= _PARAGRAPH and not block.text.endswith(("…", "...")) and block.text not in excerpts
    ]
    return len(whole) < _FEW_PARAGRAPHS and sum(whole) < max(_MOTTO, sum(len(block.text) for block in blocks) / 4)
