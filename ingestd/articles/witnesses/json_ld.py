"""Witness "json_ld": the article's fields in JSON-LD (schema.org NewsArticle and related types)."""

import json
import re
from collections.abc import Iterator
from html import unescape
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from ingestd import text, urls
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines
from ingestd.articles.witnesses.page_headings import line_of, page_titles
from ingestd.articles.witnesses.stated_times import language_of_page, read_stated_time
from ingestd.model.article import Image
from ingestd.model.markup import text_of

_TYPES = re.compile(r"(Article|Report|BlogPosting|LiveBlogPosting|SocialMediaPosting)$", re.IGNORECASE)
_PAGE_TYPES = re.compile(r"(WebPage|Review|ItemPage|VideoObject|CreativeWork)$")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_SALVAGED = ("headline", "datePublished", "dateModified", "description", "inLanguage")
#: A longer script (characters) is not metadata.
_MAX_LENGTH = 2_000_000
_MAX_NODES = 500
#: Lists within lists of authors, and headings, that are read.
_MAX_LISTS = 5
_MAX_HEADINGS = 20
#: A shorter headline may be part of a title by chance.
_MIN_TITLE = 10


def read(root: etree._Element, url: str) -> Clues:
    """Return the clues in the page's JSON-LD; empty when it describes no article.

    Searches graphs and lists.  Finds the plain fields even in a script that is not valid JSON.
    """
    scripts = (script for script in root.iter("script") if "ld+json" in script.get("type", ""))
    nodes = [node for script in scripts for node in _nodes(_load(script.text or ""))]
    by_id = {str(node["@id"]): node for node in nodes if node.get("@id")}
    articles = [node for node in nodes if _is_a(node, _TYPES)]
    article = _of_page(articles, root, url)
    if article is None and not articles:
        pages = (node for node in nodes if _is_a(node, _PAGE_TYPES) and node.get("datePublished"))
        article = next(pages, None)
    return _clues(article, by_id, url, language_of_page(root)) if article else Clues()


def _of_page(articles: list[dict[str, Any]], root: etree._Element, url: str) -> dict[str, Any] | None:
    """Return the article node that describes the page, with the fields that further nodes of it add.

    It has the page's address or one of its titles.  A node with another address and another headline describes another
    story; None when all do.
    """
    if not articles:
        return None
    titles = (*page_titles(root), *(text.fold(line_of(heading)) for heading in islice(root.iter("h1"), _MAX_HEADINGS)))
    addresses = {_address(one) for one in (url, *_canonical_addresses(root, url))} - {""}
    ranked = sorted(
        articles, key=lambda node: (-_likeness(node, titles, addresses, url), not node.get("headline"))
    )  # sorting keeps the document's order
    best = ranked[0]
    likeness = _likeness(best, titles, addresses, url)
    if likeness < 0:
        return None
    same = [node for node in ranked[1:] if likeness > 0 and _likeness(node, titles, addresses, url) > 0]
    return {
        key: value for node in (*reversed(same), best) for key, value in node.items() if value not in (None, "", [])
    }


def _canonical_addresses(root: etree._Element, url: str) -> Iterator[str]:
    for element in root.iter("link", "meta"):
        if element.get("rel") == "canonical" or element.get("property") == "og:url":
            yield urls.resolve(url, element.get("href") or element.get("content")) or ""


def _likeness(node: dict[str, Any], titles: tuple[str, ...], addresses: set[str], url: str) -> int:
    """Return 3 where both address and headline are the page's, 2 or 1 for one; 0 unknown, -1 where both are others."""
    headline = text.fold(_plain(node.get("headline")) or "")
    stated = {_address(urls.resolve(url, claim) or "") for claim in _addresses(node)} - {""}
    titled = any(
        headline == title or (len(headline) > _MIN_TITLE and headline in title) for title in titles if headline
    )
    addressed = bool(stated & addresses)
    if titled or addressed:
        return 2 * addressed + titled
    return -1 if headline and stated and titles and url else 0


def _addresses(node: dict[str, Any]) -> Iterator[str]:
    for value in (node.get("url"), node.get("@id"), node.get("mainEntityOfPage")):
        for one in _list(value):
            claim = (one.get("@id") or one.get("url")) if isinstance(one, dict) else one
            if isinstance(claim, str) and claim.startswith(("http:", "https:", "/")):
                yield claim


def _address(address: str) -> str:
    """Return host and path of an address, by which pages are compared."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("amp.")
    path = parts.path.rstrip("/")
    return f"{host}{path}" if path else ""


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
    authors = [_resolved(author, by_id) for author in _flat(node.get("author") or node.get("creator"))]
    names = [name for author in authors for name in _names(author)]
    people = [name for author in authors if not _is_organisation(author) for name in _names(author)]
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
        paywall=_is_walled(node),
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


def _is_walled(node: dict[str, Any]) -> bool | None:
    """Return whether the page or a part of it is for subscribers (schema.org: `hasPart` with a `cssSelector`)."""
    stated = _paywall(node.get("isAccessibleForFree"))
    if stated is not None:
        return stated
    parts = (part for part in _list(node.get("hasPart")) if isinstance(part, dict) and part.get("cssSelector"))
    return True if any(_paywall(part.get("isAccessibleForFree")) for part in parts) else None


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


def _flat(value: Any, depth: int = 0) -> list[Any]:
    """Return the values of a list, also of lists in it."""
    if not isinstance(value, list) or depth > _MAX_LISTS:
        return _list(value)
    return [inner for one in value for inner in _flat(one, depth + 1)][:_MAX_NODES]


def _is_organisation(author: Any) -> bool:
    inner = author.get("name") if isinstance(author, dict) else None
    return isinstance(author, dict) and _is_a(inner if isinstance(inner, dict) else author, _ORGANISATION)


def _names(author: Any) -> list[str]:
    """Return the names of an author: a string, or a Person whose name is a string, a list, or a Person in turn."""
    value = _load(author) if isinstance(author, str) and author.lstrip().startswith("{") else author
    for _ in range(3):
        if not isinstance(value, dict):
            break
        given, family = _plain(value.get("givenName")), _plain(value.get("familyName"))
        value = value.get("name") or (f"{given} {family}" if given and family else value.get("author"))
    names = [one for one in _flat(value) if not isinstance(one, dict)]
    names += [name for one in _flat(value) if isinstance(one, dict) and (name := _plain(one.get("name")))]
    return [name for one in names if (name := _plain(one))]


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
