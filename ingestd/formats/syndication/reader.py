"""RSS in all its versions, RDF, CDF and Atom, as feedparser reads them."""

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
from ingestd.formats.common.sniffing import charset_of, declares_unknown_charset, encoding_of
from ingestd.formats.syndication.polling_hints import hints_of
from ingestd.formats.syndication.tombstones import deleted_in
from ingestd.formats.syndication.wrapped_items import unwrapped_entries
from ingestd.model.feed import Entry, Feed
from ingestd.text import collapse

# What feedparser makes of an element; its own class answers for absent keys with others, slowly.
Raw = Mapping[str, Any]

_ROOTS = frozenset(("rss", "feed", "rdf", "channel"))
_MARKUP_TYPES = frozenset(("text/html", "application/xhtml+xml"))
#: As registered or as met: application/vnd.iptc.g2.newsitem+xml, text/vnd.iptc.newsml, application/nitf+xml ...
_WIRE_TYPE = re.compile(r"iptc|newsml|nitf|ninjs", re.IGNORECASE)
_REFERENCE = re.compile(rb"&#(x[0-9a-fA-F]+|[0-9]+);?")
# Scripts print empty lines in front of the XML declaration, where XML allows none.
_SPACE_IN_FRONT = re.compile(rb"^\s+(?=<)")
_ZONE_NAME = re.compile(r"\d\s*(?:[ap]m\s+)?([A-Z]{3,5})$", re.IGNORECASE)
# feedparser takes any other, such as CEST, for UTC (feedparser/datetimes/rfc822.py).
_KNOWN_ZONES = frozenset("UTC GMT AST ADT EST EDT CST CDT MST MDT PST PDT MET MEST".split())
# An author as RSS 2.0 wants it: "desk@paper.example (Jane Doe)".  feedparser cuts domains such as this one short.
_ADDRESS = re.compile(r"\s*(?P<address>[^\s@()<>]+@[^\s@()<>]+)\s*(?:\((?P<name>.*)\))?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """What entries take from the feed around them."""

    url: str
    language: str | None
    authors: tuple[str, ...]


def recognises(document: Document) -> bool:
    """Say whether the first element is one that feeds begin with."""
    return document.root in _ROOTS


def parse(document: Document, url: str, content_type: str | None = None) -> Feed:
    """Read an RSS or Atom document; `Feed.format` is its version, as in "rss20" or "atom10".

    A document that is not well-formed is read as far as it goes, with a warning.  Links resolve against
    xml:base and `url`, identifiers stay as written.  `body_html` is the content, and the summary only of
    an entry that has neither content nor a link.  An entry that wraps wire items is these; they come last.

    Raises UnknownFormat when it is no feed after all, ParseError when it is damaged and no entry is left.
    """
    body = document.body
    read, warnings = _read(body, content_type)
    head, items = dict(read["feed"]), read["entries"]
    version = read.get("version") or ""
    if not version and not items:
        raise UnknownFormat("XML that is no feed")
    if len(items) > fields.MAX_ENTRIES:
        warnings = (*warnings, f"entries beyond {fields.MAX_ENTRIES} left out: {len(items) - fields.MAX_ENTRIES}")
    whole = _Whole(
        url=url,
        language=fields.language_of(head.get("language")),
        # Only Atom's authors are those of the entries (RFC 4287, 4.2.1); RSS names its webmaster here.
        authors=_authors(head) if version.startswith("atom") else (),
    )
    found = unwrapped_entries(body, [_entry(dict(item), whole) for item in items[: fields.MAX_ENTRIES]], url)
    entries, doubts = with_unique_guids([entry for entry in found if not entry.wire])
    return Feed(
        format=version or "rss",
        title=_plain(head, "title"),
        home=fields.page_of(url, head.get("link")),
        # Versions of a wire item share its guid.
        entries=(*entries, *(entry for entry in found if entry.wire)),
        deleted=deleted_in(body) if version.startswith("atom") else (),
        prev_archive=_related(head, "prev-archive", url),
        next_page=_related(head, "next", url),
        hub=_related(head, "hub", url),
        topic=_related(head, "self", url),
        hints=hints_of(head, body),
        warnings=warnings + doubts,
    )


def _read(body: bytes, content_type: str | None) -> tuple[Raw, tuple[str, ...]]:
    """Return what feedparser makes of a body, and what it found odd."""
    body = _SPACE_IN_FRONT.sub(b"", body)
    warnings: tuple[str, ...] = ()
    try:
        document = _by_feedparser(body, content_type)
    except ParseError:
        # It fails as a whole on one reference to half a character (kurtmckee/feedparser, handle_charref).
        repaired = _REFERENCE.sub(_without_impossible, body)
        if repaired == body:
            raise
        document = _by_feedparser(repaired, content_type)
        warnings = ("references to no character were replaced",)
    if not document.get("bozo"):
        return document, warnings
    oddity = document["bozo_exception"]
    if not document["entries"] and not isinstance(oddity, feedparser.CharacterEncodingOverride):
        raise ParseError(f"a damaged document without an entry: {collapse(str(oddity))}") from oddity
    return document, (*warnings, collapse(str(oddity))[:500])


def _by_feedparser(body: bytes, content_type: str | None) -> Raw:
    # Without a media type feedparser assumes ISO 8859-1, of text/xml US-ASCII, and tries UTF-8 before what the
    # first bytes show; by RFC 7303, 3 these come first, then the header, then the XML declaration.
    charset = encoding_of(body) or charset_of(content_type)
    if not charset and declares_unknown_charset(body):
        charset = "utf-8"  # what feedparser would try next, were it not that a codec like punycode makes it fail
    headers = {"content-type": f"application/xml; charset={charset}" if charset else "application/xml"}
    try:
        # Bytes would be taken for the name of a file first, a stream is not.
        document: Raw = dict(
            feedparser.parse(
                io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
            )
        )
    except MemoryError:
        raise
    except Exception as error:  # feedparser promises no class: it lets through whatever its parsers meet
        raise ParseError(f"feedparser failed: {type(error).__name__}: {collapse(str(error))[:500]}") from error
    return document


def _without_impossible(reference: re.Match[bytes]) -> bytes:
    digits = reference[1][:12]
    number = int(digits[1:], 16) if digits.startswith(b"x") else int(digits)
    return b"&#xFFFD;" if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else reference[0]


def _entry(item: Raw, whole: _Whole) -> Entry:
    headline, description, (body, language) = _plain(item, "title"), _description(item), _content(item)
    published, updated = _date(item, "published"), _date(item, "updated")
    # Without a link element, `link` is the identifier, which may be anything: it resolves against nothing.
    link = fields.link_of(whole.url if item.get("links") else "", item.get("link") or _alternate(item))
    if not link and not body:  # then there is nothing else to be read
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
        authors=_authors(item) or whole.authors,
        description_text=description,
        body_html=body,
        language=fields.language_of(item.get("language") or language) or whole.language,
        payload=_payload(item, whole.url),
        keywords=fields.names_of(tag.get("label") or tag.get("term") for tag in item.get("tags", ())),
    )


def _payload(item: Raw, url: str) -> str | None:
    """Return the first enclosure whose media type is that of a wire's format."""
    for link in _links(item):
        if (link.get("rel") or "").lower() == "enclosure" and _WIRE_TYPE.search(link.get("type") or ""):
            return fields.page_of(url, link.get("href"))
    return None


def _plain(element: Raw, name: str) -> str | None:
    return fields.line_of(element.get(name), markup=_is_markup(element.get(f"{name}_detail")))


def _is_markup(detail: Raw | None) -> bool:
    return detail is not None and detail.get("type") in _MARKUP_TYPES


def _description(item: Raw) -> str | None:
    summary, detail = item.get("summary"), item.get("summary_detail")
    if detail is None and any(content.get("value") == summary for content in item.get("content", ())):
        return None  # feedparser repeats the content here where there is no summary
    return fields.description_of(summary, markup=detail is None or _is_markup(detail))


def _content(item: Raw) -> tuple[str | None, str | None]:
    """Return the longest content as markup, and the language in which the entry is."""
    # feedparser takes a picture's caption (media:description) for content too: the article is longer.
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
    believed = not zone or zone[1].upper() in _KNOWN_ZONES
    return (_from_struct(item.get(f"{name}_parsed")) if believed else None) or read_date(text)


def _from_struct(parsed: tuple[int, ...] | None) -> datetime | None:
    try:
        return times.from_timestamp(calendar.timegm(parsed)) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _authors(element: Raw) -> tuple[str, ...]:
    authors: Sequence[Raw] = element.get("authors") or ()
    address = _ADDRESS.fullmatch(element.get("author") or "")
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
    # An element of that name, which nobody has, takes the place of feedparser's list.
    found = element.get("links")
    return [link for link in found if hasattr(link, "get")] if isinstance(found, list) else ()


FORMAT = Format("syndication", recognises, parse)
