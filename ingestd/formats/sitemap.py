"""Sitemaps and their indexes (sitemaps.org), with Google's news extension, and lists of URLs in plain text."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from lxml import etree

from ingestd import urls
from ingestd.errors import ParseError
from ingestd.formats import fields
from ingestd.formats.dates import read_date
from ingestd.formats.document import Document
from ingestd.formats.format import Format
from ingestd.formats.identity import identity_of
from ingestd.model import Entry, Feed
from ingestd.text import collapse

#: URLs of one sitemap, and sitemaps of one index: what the protocol allows.
MAX_URLS = 50_000

_ROOTS = frozenset(("urlset", "sitemapindex"))
_STARTS_WITH_URL = re.compile(rb"(?:\xef\xbb\xbf)?\s*https?://", re.IGNORECASE)


def recognises(document: Document) -> bool:
    """Say whether the root is that of a sitemap, or every line a URL."""
    return document.root in _ROOTS or (document.root is None and bool(_lines(document.body)))


def parse(document: Document, url: str, _content_type: str | None = None) -> Feed:
    """Read a sitemap as a feed whose entries are known by their address, or an index as one with children.

    `updated` is `lastmod`; headline, published, language and keywords come from the news extension.
    Namespaces may be missing or wrong; a document that is not well-formed is read as far as it goes, with a
    warning.  An address that is no http(s) URL is left out, and of an address given twice the first one counts.

    Raises ParseError when it is damaged and nothing is left.
    """
    if lines := _lines(document.body):
        return _sitemap({line: Entry(guid=line, id_origin="link", link=line) for line in lines}, ())
    root, warnings = _root(document.body)
    if _name(root) == "sitemapindex":
        children: dict[str, tuple[str, datetime | None]] = {}
        for page, values, _ in _located(root, url):
            children.setdefault(page, (page, read_date(values.get("lastmod"))))
        return Feed(
            format="sitemap",
            children=tuple(children.values())[:MAX_URLS],
            warnings=warnings + _beyond(len(children)),
        )
    entries: dict[str, Entry] = {}
    for page, values, news in _located(root, url):
        if page not in entries:
            entries[page] = _entry(page, values, news)
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


def _root(body: bytes) -> tuple[etree._Element, tuple[str, ...]]:
    try:
        return etree.fromstring(body, _parser(recover=False)), ()
    except (etree.XMLSyntaxError, ValueError) as error:
        warning = f"not well-formed: {collapse(str(error))[:500]}"
        try:
            root = etree.fromstring(body, _parser(recover=True))
        except (etree.XMLSyntaxError, ValueError):
            root = None
        if root is None or not len(root):
            raise ParseError(f"a damaged sitemap: {warning}") from error
        return root, (warning,)


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, recover=recover
    )


def _located(root: etree._Element, url: str) -> Iterator[tuple[str, Mapping[str, str], Mapping[str, str]]]:
    """Return of each place its address, its own values by name, and those of its news extension."""
    for place in root:
        own = _values(list(place))
        page = fields.page_of(url, own.get("loc"))
        if page:
            # Pictures and videos have a `title` and a `loc` of their own.
            yield page, own, _values([value for child in place if _name(child) == "news" for value in child.iter()])


def _values(elements: list[etree._Element]) -> dict[str, str]:
    """Return texts by name, of each name the first."""
    values: dict[str, str] = {}
    for element in elements:
        with suppress(UnicodeDecodeError):  # lxml, when it recovers, lets bytes pass that are no UTF-8
            values.setdefault(_name(element), element.text or "")
    return values


def _name(element: etree._Element) -> str:
    """Return a name without namespace or prefix, in lower case; empty for what is no element."""
    try:
        tag = element.tag
    except UnicodeDecodeError:
        return ""
    return re.split("[}:]", tag)[-1].lower() if isinstance(tag, str) else ""


def _entry(page: str, values: Mapping[str, str], news: Mapping[str, str]) -> Entry:
    headline, published = fields.line_of(news.get("title")), read_date(news.get("publication_date"))
    guid, origin = identity_of(None, page, headline=headline, description=None, body=None, published=published)
    return Entry(
        guid=guid,
        id_origin=origin,
        link=page,
        headline=headline,
        published=published,
        updated=read_date(values.get("lastmod")),
        language=fields.language_of(news.get("language")),
        keywords=fields.names_of(news.get("keywords", "").split(",")),
    )


FORMAT = Format("sitemap", recognises, parse)
