"""Witness "json_ld": the article's fields in JSON-LD (schema.org NewsArticle and related types)."""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from lxml import etree

from ingestd import urls
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines
from ingestd.articles.witnesses.stated_times import language_of_page, read_stated_time
from ingestd.model.article import Image
from ingestd.model.markup import text_of

_SCRIPTS = etree.XPath("//script[contains(@type, 'ld+json')]")
_TYPES = re.compile(r"(Article|Report|BlogPosting|LiveBlogPosting|SocialMediaPosting)$", re.IGNORECASE)
_PAGE_TYPES = re.compile(r"(WebPage|ItemPage|VideoObject|CreativeWork)$")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_SALVAGED = ("headline", "datePublished", "dateModified", "description", "inLanguage")
#: A longer script (characters) is not metadata.
_MAX_LENGTH = 2_000_000
_MAX_NODES = 500


def read(root: etree._Element, url: str) -> Clues:
    """Return the clues in the page's JSON-LD; empty when it describes no article.

    Searches graphs and lists.  Finds the plain fields even in a script that is not valid JSON.
    """
    nodes = [node for script in _SCRIPTS(root) for node in _nodes(_load(script.text or ""))]
    article = next((node for node in nodes if _is_a(node, _TYPES) and node.get("headline")), None)
    article = article or next((node for node in nodes if _is_a(node, _TYPES)), None)
    article = article or next((node for node in nodes if _is_a(node, _PAGE_TYPES) and node.get("datePublished")), None)
    by_id = {str(node["@id"]): node for node in nodes if node.get("@id")}
    return _clues(article, by_id, url, language_of_page(root)) if article else Clues()


def _load(script: str) -> Any:
    script = script.strip().removeprefix("<!--").removesuffix("-->").removeprefix("//<![CDATA[").removesuffix("//]]>")
    if not script.strip() or len(script) > _MAX_LENGTH:
        return None
    for attempt in (script, _TRAILING_COMMA.sub(r"\1", script.strip().rstrip(";")), unescape(script)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return _salvage(script)


def _salvage(script: str) -> dict[str, Any] | None:
    """Return the plain fields of a script that is not valid JSON; None when it describes no article."""
    if not re.search(r'"@type"\s*:\s*\[?\s*"\w*Article"', script):
        return None
    found: dict[str, Any] = {"@type": "Article"}
    for field in _SALVAGED:
        match = re.search(rf'"{field}"\s*:\s*"((?:[^"\\]|\\.)*)"', script)
        if match:
            found[field] = re.sub(r"\\(.)", r"\1", match[1])
    names = re.search(r'"author"\s*:\s*[\[{][^\]}]{0,300}?"name"\s*:\s*"([^"\\]+)"', script)
    return found | ({"author": names[1]} if names else {})


def _nodes(document: Any) -> Iterator[dict[str, Any]]:
    """Yield every node that may describe the page itself; lists of other pages are skipped."""
    waiting, seen = [document], 0
    while waiting and seen < _MAX_NODES:
        node = waiting.pop(0)
        seen += 1
        if isinstance(node, list):
            waiting[:0] = node
        elif isinstance(node, dict):
            yield node
            waiting[:0] = [node[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in node]


def _is_a(node: dict[str, Any], types: re.Pattern[str]) -> bool:
    kinds = node.get("@type")
    return any(isinstance(kind, str) and types.search(kind) for kind in (kinds if isinstance(kinds, list) else [kinds]))


def _clues(node: dict[str, Any], by_id: dict[str, dict[str, Any]], url: str, language: str | None) -> Clues:
    authors = [_resolved(author, by_id) for author in _list(node.get("author") or node.get("creator"))]
    names = [_name(author) for author in authors]
    people = [_name(author) for author in authors if not (isinstance(author, dict) and _is_a(author, _ORGANISATION))]
    publisher = next(iter(_list(node.get("publisher"))), None)
    return Clues(
        headline=_plain(node.get("headline")) or _plain(node.get("name")),
        description_text=_plain(node.get("description")),
        byline=bylines.join(filter(None, names)),
        authors=bylines.people(filter(None, people)),
        firstcreated=read_stated_time(_first(node.get("datePublished")), language)
        or read_stated_time(_first(node.get("dateCreated")), language),
        versioncreated=read_stated_time(_first(node.get("dateModified")), language),
        language=_language(node.get("inLanguage")),
        source=_name(_resolved(publisher, by_id)),
        usageterms=_terms(node),
        images=_images(node.get("image"), by_id, url),
        paywall=_paywall(node.get("isAccessibleForFree")),
        words=_words(node),
    )


def _terms(node: dict[str, Any]) -> str | None:
    """Return the licence, by URL or name, or else the copyright notice."""
    for key in ("license", "usageInfo", "copyrightNotice"):
        for value in _list(node.get(key)):
            value_text = (
                next((value[k] for k in ("url", "@id", "name") if value.get(k)), None)
                if isinstance(value, dict)
                else value
            )
            if terms := _plain(value_text):
                return terms
    return None


def _paywall(free: Any) -> bool | None:
    """Read `isAccessibleForFree`: a boolean, a string such as "False", or a schema.org URL."""
    value_text = str(_first(free)).rpartition("/")[2].casefold()
    return {"true": False, "false": True}.get(value_text)


def _words(node: dict[str, Any]) -> int | None:
    """Return the number of words of the text, from `articleBody` if there is one, else from `wordCount`."""
    body, count = node.get("articleBody"), node.get("wordCount")
    if isinstance(body, str):
        return len(text_of(body).split()) or None
    digits = str(count) if isinstance(count, int | str) and not isinstance(count, bool) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 7 else None


_ORGANISATION = re.compile(r"Organi[sz]ation$")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _resolved(value: Any, by_id: dict[str, dict[str, Any]]) -> Any:
    """Follow a reference to another node of the graph."""
    if isinstance(value, dict) and "name" not in value:
        return by_id.get(str(value.get("@id")), value)
    return value


def _name(value: Any) -> str | None:
    return _plain(_first(value.get("name")) if isinstance(value, dict) else value)


def _plain(value: Any) -> str | None:
    """Return a string without markup and character references, which JSON-LD should not have but does."""
    return text_of(value) or None if isinstance(value, str) else None


def _language(value: Any) -> str | None:
    value = _first(value)
    return value.get("alternateName") if isinstance(value, dict) else value if isinstance(value, str) else None


def _images(value: Any, by_id: dict[str, dict[str, Any]], url: str) -> tuple[Image, ...]:
    for image in _list(value):
        node = _resolved(image, by_id)
        node = node if isinstance(node, dict) else {"url": node}
        href = urls.resolve(
            url, next((v for v in (node.get("url"), node.get("contentUrl")) if isinstance(v, str)), None)
        )
        if href:
            credit = _plain(node.get("creditText")) or _name(node.get("creator"))
            return (Image(href=href, caption=_plain(node.get("caption")), credit=credit),)
    return ()
