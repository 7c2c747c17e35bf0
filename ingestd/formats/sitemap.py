"""Sitemaps and sitemap indexes (sitemaps.org), Google's news extension, and plain-text lists of URLs."""

import html
import re
from collections.abc import Mapping
from datetime import datetime

from ingestd import urls
from ingestd.dates.reading import read_time
from ingestd.dates.stated_time import StatedTime, precision_of, when_of
from ingestd.errors import ParseError
from ingestd.formats.common import fields
from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.document import Document
from ingestd.formats.common.format import Format
from ingestd.formats.common.identity import identity_of
from ingestd.formats.common.lenient_xml import Element, name_of, own_text
from ingestd.model.feed import Entry, Feed
from ingestd.model.item import Headline, Item
from ingestd.text import collapse

#: URLs per sitemap, and sitemaps per index: the limit of the protocol.
MAX_URLS = 50_000

_ROOTS = frozenset(("urlset", "sitemapindex"))
#: Publishers escape titles twice.
_ESCAPED = re.compile(r"&(?:\w{2,10}|#\d{2,5}|#x[\da-fA-F]{2,4});")
#: Stands for bytes that could not be decoded; no real URL contains it.
_REPLACEMENT_CHARACTER = "\ufffd"
_STARTS_WITH_URL = re.compile(rb"(?:\xef\xbb\xbf)?\s*https?://", re.IGNORECASE)


def recognises(document: Document) -> bool:
    """Return whether the root is a sitemap's, or every line is a URL."""
    return document.root in _ROOTS or (document.root is None and bool(_url_lines(document.body)))


def parse(document: Document, url: str, _content_type: str | None = None) -> Feed:
    """Parse a sitemap into a feed whose guids are the URLs, or an index into a feed with `children`.

    `updated` is `lastmod`.  Headline, published, language and keywords come from the news extension, whose other
    values are in the entry's `item`.
    Namespaces may be missing or wrong; a document that is not well-formed is read as far as possible, with a
    warning.  Addresses that are not http(s) URLs are left out, with a warning, and so are repeated
    ones after the first.

    Raises ParseError when the document is damaged and nothing can be recovered.
    """
    if document.root is None and (lines := _url_lines(document.body)):
        return _feed({line: Entry(guid=line, id_origin="link", link=line) for line in lines}, ())
    root, repairs = xml.root_element(document.body, "sitemap")
    warnings = (*document.warnings, *repairs)
    if not len(root) and warnings:
        raise ParseError(f"damaged sitemap: {warnings[0]}")
    index = name_of(root) == "sitemapindex"
    children: dict[str, tuple[str, datetime | None]] = {}
    entries: dict[str, Entry] = {}
    unusable = 0
    for element in root:
        own, news = _values(element)
        page = fields.page_of(url, own.get("loc"))
        unusable += bool(own) and (not page or _REPLACEMENT_CHARACTER in page)
        if not page or _REPLACEMENT_CHARACTER in page or page in children or page in entries:
            continue
        if index:
            children[page] = (page, when_of(read_time(own.get("lastmod"))))
        else:
            entries[page] = _entry(page, own, news)
    if unusable:
        warnings = (*warnings, f"addresses that are no http(s) URL left out: {unusable}")
    if index:
        kept = tuple(children.values())[:MAX_URLS]
        return Feed(format="sitemap", children=kept, warnings=warnings + _limit_warning(len(children)))
    return _feed(entries, warnings)


def _feed(entries: Mapping[str, Entry], warnings: tuple[str, ...]) -> Feed:
    kept = tuple(entries.values())[:MAX_URLS]
    return Feed(format="sitemap", entries=kept, warnings=warnings + _limit_warning(len(entries)))


def _limit_warning(count: int) -> tuple[str, ...]:
    return (f"addresses beyond {MAX_URLS} left out: {count - MAX_URLS}",) if count > MAX_URLS else ()


def _url_lines(body: bytes) -> list[str]:
    """Return the URLs of a plain-text sitemap; empty when any line is not a URL."""
    if not _STARTS_WITH_URL.match(body):
        return []
    lines = [collapse(line) for line in body.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    return lines if all(" " not in line and urls.resolve("", line) for line in lines) else []


def _values(element: Element) -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts of a <url> or <sitemap>, and of its news extension, by element name; the first one is kept."""
    own: dict[str, str] = {}
    news: dict[str, str] = {}
    for child in element:
        name = name_of(child)
        if name != "news":
            # Only the child's own text: pictures and videos contain a `title` and a `loc`, too.
            own.setdefault(name, own_text(child))
            continue
        for one in child:
            # `publication` contains a `name` and a `language`.
            for value in one if len(one) else (one,):
                news.setdefault(name_of(value), own_text(value))
    return own, news


def _entry(page: str, own: Mapping[str, str], news: Mapping[str, str]) -> Entry:
    guid, origin = identity_of(None, page, headline=None, description=None, body=None, published=None)
    language = fields.language_of(news.get("language"))
    published, updated = read_time(news.get("publication_date"), language), read_time(own.get("lastmod"), language)
    headline = fields.line_of(_ESCAPED.sub(lambda match: html.unescape(match[0]), news.get("title") or ""))
    keywords = fields.names_of(news.get("keywords", "").split(",")) if news.get("keywords") else ()
    return Entry(
        guid=guid,
        id_origin=origin,
        link=page,
        headline=headline,
        published=when_of(published),
        updated=when_of(updated),
        published_precision=precision_of(published),
        updated_precision=precision_of(updated),
        language=language,
        keywords=keywords,
        item=_item(guid, news, headline, language, published, keywords) if news else None,
    )


def _item(
    guid: str,
    news: Mapping[str, str],
    headline: str | None,
    language: str | None,
    published: StatedTime | None,
    keywords: tuple[str, ...],
) -> Item:
    """Return an item with the values of Google's news extension; it has no body, which is on the page."""
    genres = (concept_of(fields.line_of(genre)) for genre in news.get("genres", "").split(",") if genre.strip())
    tickers = fields.line_of(news.get("stock_tickers"))
    return Item(
        guid=guid,
        versioncreated=when_of(published),
        versioncreated_precision=None if precision_of(published) == "minute" else precision_of(published),
        type="text",
        headline=headline,
        headlines=(Headline(text=headline),) if headline else (),
        language=language,
        keywords=keywords,
        genre=tuple(genre for genre in genres if genre),
        provider=concept_of(None, name=fields.line_of(news.get("name"))),
        extra={"stock_tickers": tickers} if tickers else {},
    )


FORMAT = Format("sitemap", recognises, parse)
