"""Reader of RSS in all versions, RDF, CDF and Atom, on top of feedparser."""

import calendar
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import feedparser

from ingestd import times
from ingestd.errors import ParseError, UnknownFormat
from ingestd.formats.common import fields
from ingestd.formats.common.dates import read_date
from ingestd.formats.common.document import Document
from ingestd.formats.common.format import Format
from ingestd.formats.common.identity import identity_of, with_unique_guids
from ingestd.formats.syndication.polling_hints import hints_of
from ingestd.formats.syndication.tombstones import deleted_in
from ingestd.formats.syndication.wrapped_items import unwrapped_entries
from ingestd.model.feed import Entry, Feed
from ingestd.model.sniffing import charset_of, declares_unknown_charset, encoding_of
from ingestd.model.xml_repair import repaired
from ingestd.text import collapse

# An element as parsed by feedparser.  Its own class is slow and answers a missing key with the value of another one.
Raw = Mapping[str, Any]

_ROOTS = frozenset(("rss", "feed", "rdf", "channel"))
_MARKUP_TYPES = frozenset(("text/html", "application/xhtml+xml"))
#: Media types registered or seen: application/vnd.iptc.g2.newsitem+xml, text/vnd.iptc.newsml, application/nitf+xml ...
_WIRE_TYPE = re.compile(r"iptc|newsml|nitf|ninjs", re.IGNORECASE)
_LEADING_SPACE = re.compile(rb"^\s+(?=<)")
_ZONE_NAME = re.compile(r"\d\s*(?:[ap]m\s+)?([A-Z]{3,5})$", re.IGNORECASE)
# feedparser reads any other zone, such as CEST, as UTC (feedparser/datetimes/rfc822.py).
_FEEDPARSER_ZONES = frozenset("UTC GMT AST ADT EST EDT CST CDT MST MDT PST PDT MET MEST".split())
# An author in the form of RSS 2.0: "desk@paper.example (Jane Doe)".  feedparser truncates domains such as this one.
_AUTHOR_ADDRESS = re.compile(r"\s*(?P<address>[^\s@()<>]+@[^\s@()<>]+)\s*(?:\((?P<name>.*)\))?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FeedDefaults:
    """Values that the feed gives for entries without their own, and the feed's address."""

    url: str
    language: str | None
    authors: tuple[str, ...]


def recognises(document: Document) -> bool:
    """Return whether the root is that of an RSS, RDF, CDF or Atom document."""
    return document.root in _ROOTS


def parse(document: Document, url: str, content_type: str | None = None) -> Feed:
    """Parse an RSS or Atom document; `Feed.format` is its version, such as "rss20" or "atom10".

    A document that is not well-formed is read as far as possible, with a warning.  Links resolve against xml:base and
    `url`; identifiers stay as written.  `body_html` is the content; the summary is used only for an entry with neither
    content nor link.  An entry that wraps wire items is replaced by them, after all other entries.

    Raises UnknownFormat when the XML is not a feed, ParseError when it is damaged and has no readable entry.
    """
    # Some scripts print empty lines before the XML declaration, where XML allows none.
    body, repairs = repaired(_LEADING_SPACE.sub(b"", document.body))
    parsed, warnings = _parse_leniently(body, content_type)
    warnings = (*repairs, *warnings)
    head, items = dict(parsed["feed"]), parsed["entries"]
    version = parsed.get("version") or ""
    if not version and not items:
        raise UnknownFormat("XML, but not a feed")
    if len(items) > fields.MAX_ENTRIES:
        warnings = (*warnings, f"entries beyond {fields.MAX_ENTRIES} left out: {len(items) - fields.MAX_ENTRIES}")
    defaults = _FeedDefaults(
        url=url,
        language=fields.language_of(head.get("language")),
        # In Atom the feed's authors apply to its entries (RFC 4287, 4.2.1); in RSS this is the webmaster.
        authors=_authors(head) if version.startswith("atom") else (),
    )
    unwrapped = unwrapped_entries(body, [_entry(dict(item), defaults) for item in items[: fields.MAX_ENTRIES]], url)
    entries, guid_warnings = with_unique_guids([entry for entry in unwrapped if not entry.wire])
    return Feed(
        format=version or "rss",
        title=_line(head, "title"),
        home=fields.page_of(url, head.get("link")),
        # Wire items keep their guids, which versions of one item share.
        entries=(*entries, *(entry for entry in unwrapped if entry.wire)),
        deleted=deleted_in(body) if version.startswith("atom") else (),
        prev_archive=_related(head, "prev-archive", url),
        next_page=_related(head, "next", url),
        hub=_related(head, "hub", url),
        topic=_related(head, "self", url),
        hints=hints_of(head, body),
        warnings=warnings + guid_warnings,
    )


def _parse_leniently(body: bytes, content_type: str | None) -> tuple[Raw, tuple[str, ...]]:
    """Return the document parsed by feedparser, and warnings.

    Raises ParseError when feedparser fails, or reports an error and found no entry.
    """
    parsed = _parse_with_feedparser(body, content_type)
    if not parsed.get("bozo"):
        return parsed, ()
    error = parsed["bozo_exception"]
    if not parsed["entries"] and not isinstance(error, feedparser.CharacterEncodingOverride):
        raise ParseError(f"damaged feed without a readable entry: {collapse(str(error))}") from error
    return parsed, (collapse(str(error))[:500],)


def _parse_with_feedparser(body: bytes, content_type: str | None) -> Raw:
    # Without a charset feedparser assumes ISO 8859-1, or US-ASCII for text/xml, and tries UTF-8 before the byte
    # order mark.  By RFC 7303, 3 the mark comes first, then the header, then the XML declaration.
    charset = encoding_of(body) or charset_of(content_type)
    if not charset and declares_unknown_charset(body):
        charset = "utf-8"  # feedparser would try it next, but fails first on codecs such as punycode
    headers = {"content-type": f"application/xml; charset={charset}" if charset else "application/xml"}
    try:
        # A stream, because feedparser tries bytes as a file name first.
        document: Raw = dict(
            feedparser.parse(
                io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
            )
        )
    except MemoryError:
        raise
    except Exception as error:  # feedparser passes on any exception of the parsers and codecs below it
        raise ParseError(f"feedparser failed: {type(error).__name__}: {collapse(str(error))[:500]}") from error
    return document


def _entry(item: Raw, defaults: _FeedDefaults) -> Entry:
    headline, description, (body, language) = _line(item, "title"), _description(item), _content(item)
    published, updated = _date(item, "published"), _date(item, "updated")
    # Without a link element, feedparser's `link` is the identifier, which is not resolved against the feed's address.
    link = fields.link_of(defaults.url if item.get("links") else "", item.get("link") or _alternate(item))
    if not link and not body:  # the summary is all there is to read
        body = fields.body_of(item.get("summary"), markup=_is_markup(item.get("summary_detail")))
    guid, origin = identity_of(
        item.get("id"), link, headline=headline, description=description, body=body, published=published
    )
    return Entry(
        guid=guid,
        id_origin=origin,
        link=link,
        headline=headline,
        published=published,
        updated=updated,
        authors=_authors(item) or defaults.authors,
        description_text=description,
        body_html=body,
        language=fields.language_of(item.get("language") or language) or defaults.language,
        payload=_payload(item, defaults.url),
        keywords=fields.names_of(tag.get("label") or tag.get("term") for tag in item.get("tags", ())),
    )


def _payload(item: Raw, url: str) -> str | None:
    """Return the URL of the first enclosure that has a wire format's media type."""
    for link in _links(item):
        if (link.get("rel") or "").lower() == "enclosure" and _WIRE_TYPE.search(link.get("type") or ""):
            return fields.page_of(url, link.get("href"))
    return None


def _line(element: Raw, name: str) -> str | None:
    return fields.line_of(element.get(name), markup=_is_markup(element.get(f"{name}_detail")))


def _is_markup(detail: Raw | None) -> bool:
    return detail is not None and detail.get("type") in _MARKUP_TYPES


def _description(item: Raw) -> str | None:
    summary, detail = item.get("summary"), item.get("summary_detail")
    if detail is None and any(content.get("value") == summary for content in item.get("content", ())):
        return None  # without a summary, feedparser repeats the content here
    return fields.description_of(summary, markup=detail is None or _is_markup(detail))


def _content(item: Raw) -> tuple[str | None, str | None]:
    """Return the longest content as HTML, and the language of the entry."""
    # The longest, because feedparser also lists picture captions (media:description) as content.
    contents = sorted(item.get("content", ()), key=lambda content: len(content.get("value") or ""), reverse=True)
    title = item.get("title_detail") or {}
    for content in contents:
        if _is_markup(content) or content.get("type") == "text/plain":
            body = fields.body_of(content.get("value"), markup=_is_markup(content))
            return body, content.get("language") or title.get("language")
    return None, title.get("language")


def _date(item: Raw, name: str) -> datetime | None:
    text = item.get(name) or ""
    zone = _ZONE_NAME.search(text)
    zone_is_known = not zone or zone[1].upper() in _FEEDPARSER_ZONES
    return (_from_time_tuple(item.get(f"{name}_parsed")) if zone_is_known else None) or read_date(text)


def _from_time_tuple(parsed: tuple[int, ...] | None) -> datetime | None:
    try:
        return times.from_timestamp(calendar.timegm(parsed)) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _authors(element: Raw) -> tuple[str, ...]:
    authors: Sequence[Raw] = element.get("authors") or ()
    address = _AUTHOR_ADDRESS.fullmatch(element.get("author") or "")
    if address and len(authors) <= 1:
        return fields.names_of([address["name"] or address["address"]])
    return fields.names_of(author.get("name") or author.get("email") for author in authors)


def _alternate(element: Raw) -> str | None:
    return next(_related_links(element, "alternate"), None)


def _related(element: Raw, relation: str, url: str) -> str | None:
    return next((page for link in _related_links(element, relation) if (page := fields.page_of(url, link))), None)


def _related_links(element: Raw, relation: str) -> Iterator[str]:
    return (
        link["href"] for link in _links(element) if (link.get("rel") or "").lower() == relation and link.get("href")
    )


def _links(element: Raw) -> Sequence[Raw]:
    # An element named <links> replaces feedparser's own list.
    links = element.get("links")
    return [link for link in links if hasattr(link, "get")] if isinstance(links, list) else ()


FORMAT = Format("syndication", recognises, parse)
