"""Sitemaps and their indexes (sitemaps.org), with Google's news extension, and lists of URLs in plain text."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ingestd import urls
from ingestd.errors import ParseError
from ingestd.formats.common import fields
from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.dates import read_date
from ingestd.formats.common.document import Document
from ingestd.formats.common.format import Format
from ingestd.formats.common.identity import identity_of
from ingestd.formats.common.lenient_xml import Element, name_of, own_text
from ingestd.model.feed import Entry, Feed
from ingestd.model.item import Headline, Item
from ingestd.text import collapse

#: URLs of one sitemap, and sitemaps of one index: what the protocol allows.
MAX_URLS = 50_000

_ROOTS = frozenset(("urlset", "sitemapindex"))
#: What stands where bytes were no text: no address has it.
_NO_CHARACTER = "\ufffd"
_STARTS_WITH_URL = re.compile(rb"(?:\xef\xbb\xbf)?\s*https?://", re.IGNORECASE)


def recognises(document: Document) -> bool:
    """Say whether the root is that of a sitemap, or every line a URL."""
    return document.root in _ROOTS or (document.root is None and bool(_lines(document.body)))


def parse(document: Document, url: str, _content_type: str | None = None) -> Feed:
    """Read a sitemap as a feed whose entries are known by their address, or an index as one with children.

    `updated` is `lastmod`; headline, published, language and keywords come from the news extension, and an `item`
    with what else it says.
    Namespaces may be missing or wrong; a document that is not well-formed is read as far as it goes, with a
    warning.  An address that is no http(s) URL is left out, and of an address given twice the first one counts.

    Raises ParseError when it is damaged and nothing is left.
    """
    if document.root is None and (lines := _lines(document.body)):
        return _sitemap({line: Entry(guid=line, id_origin="link", link=line) for line in lines}, ())
    root, warnings = xml.root_element(document.body, "sitemap")
    if not len(root) and warnings:
        raise ParseError(f"a damaged sitemap: {warnings[0]}")
    index = name_of(root) == "sitemapindex"
    children: dict[str, tuple[str, datetime | None]] = {}
    entries: dict[str, Entry] = {}
    for place in root:
        own, news = _values(place)
        page = fields.page_of(url, own.get("loc"))
        if not page or _NO_CHARACTER in page or page in children or page in entries:
            continue
        if index:
            children[page] = (page, read_date(own.get("lastmod")))
        else:
            entries[page] = _entry(page, own, news)
    if index:
        found = tuple(children.values())[:MAX_URLS]
        return Feed(format="sitemap", children=found, warnings=warnings + _beyond(len(children)))
    return _sitemap(entries, warnings)


def _sitemap(entries: Mapping[str, Entry], warnings: tuple[str, ...]) -> Feed:
    return Feed(format="sitemap", entries=tuple(entries.values())[:MAX_URLS], warnings=warnings + _beyond(len(entries)))


def _beyond(count: int) -> tuple[str, ...]:
    return (f"addresses beyond {MAX_URLS} left out: {count - MAX_URLS}",) if count > MAX_URLS else ()


def _lines(body: bytes) -> list[str]:
    """Return the URLs of a sitemap in plain text; none at all when one line is no URL."""
    if not _STARTS_WITH_URL.match(body):
        return []
    lines = [collapse(line) for line in body.decode("utf-8-sig", "replace").splitlines() if line.strip()]
    return lines if all(" " not in line and urls.resolve("", line) for line in lines) else []


def _values(place: Element) -> tuple[dict[str, str], dict[str, str]]:
    """Return of a place its own texts by name, of each name the first, and those of its news extension."""
    own: dict[str, str] = {}
    news: dict[str, str] = {}
    for child in place:
        name = name_of(child)
        if name != "news":
            # Pictures and videos have a `title` and a `loc` of their own.
            own.setdefault(name, own_text(child))
            continue
        for one in child:
            # `publication` has a `name` and a `language`.
            for value in one if len(one) else (one,):
                news.setdefault(name_of(value), own_text(value))
    return own, news


def _entry(page: str, own: Mapping[str, str], news: Mapping[str, str]) -> Entry:
    guid, origin = identity_of(None, page, headline=None, description=None, body=None, published=None)
    published, updated = read_date(news.get("publication_date")), read_date(own.get("lastmod"))
    entry = Entry(guid=guid, id_origin=origin, link=page, published=published, updated=updated)
    if not news:
        return entry
    headline, language = fields.line_of(news.get("title")), fields.language_of(news.get("language"))
    keywords = fields.names_of(news.get("keywords", "").split(",")) if news.get("keywords") else ()
    return replace(
        entry,
        headline=headline,
        language=language,
        keywords=keywords,
        item=_item(guid, news, headline, language, published, keywords),
    )


def _item(
    guid: str,
    news: Mapping[str, str],
    headline: str | None,
    language: str | None,
    published: datetime | None,
    keywords: tuple[str, ...],
) -> Item:
    """Return what Google's news extension says, as an item without a text: that is on its page."""
    genres = (concept_of(fields.line_of(genre)) for genre in news.get("genres", "").split(",") if genre.strip())
    tickers = fields.line_of(news.get("stock_tickers"))
    return Item(
        guid=guid,
        versioncreated=published,
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
