"""Reader of RSS in all versions, RDF, CDF and Atom, on top of feedparser."""

import re
from dataclasses import dataclass

from ingestd.dates.reading import read_time
from ingestd.dates.stated_time import precision_of, when_of
from ingestd.errors import UnknownFormat
from ingestd.formats.common import fields
from ingestd.formats.common.date_order import language_for, order_in
from ingestd.formats.common.document import Document
from ingestd.formats.common.format import Format
from ingestd.formats.common.identity import identity_of, with_unique_guids
from ingestd.formats.common.unreadable_dates import unreadable_dates
from ingestd.formats.syndication import feedparser_document
from ingestd.formats.syndication.links import (
    Bases,
    Links,
    bases_of,
    links_of,
    page_of,
    payload_of,
    related,
    unusable_links,
)
from ingestd.formats.syndication.polling_hints import hints_of
from ingestd.formats.syndication.raw import Raw, elements_in, is_markup, string_in
from ingestd.formats.syndication.tombstones import deleted_in
from ingestd.formats.syndication.wrapped_items import unwrapped_entries
from ingestd.model.feed import Entry, Feed
from ingestd.model.sniffing import charset_of
from ingestd.model.xml_repair import repaired

_ROOTS = frozenset(("rss", "feed", "rdf", "channel"))
_LEADING_SPACE = re.compile(rb"^\s+(?=<)")
# An author in the form of RSS 2.0: "desk@paper.example (Jane Doe)".  feedparser truncates domains such as this one.
_AUTHOR_ADDRESS = re.compile(r"\s*(?P<address>[^\s@()<>]+@[^\s@()<>]+)\s*(?:\((?P<name>.*)\))?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FeedDefaults:
    """Values that the feed gives for entries without their own, and the addresses that references resolve against."""

    bases: Bases
    language: str | None
    authors: tuple[str, ...]
    #: The language with the order of the document's dates in figures (`date_order`).
    order: str | None


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
    body, repairs = repaired(_LEADING_SPACE.sub(b"", document.body), charset_of(content_type))
    parsed, warnings = feedparser_document.parse(body, content_type)
    warnings = (*document.warnings, *repairs, *warnings)
    head, items = dict(parsed["feed"]), parsed["entries"]
    version = parsed.get("version") or ""
    if not version and not items:
        raise UnknownFormat("XML, but not a feed")
    if len(items) > fields.MAX_ENTRIES:
        warnings = (*warnings, f"entries beyond {fields.MAX_ENTRIES} left out: {len(items) - fields.MAX_ENTRIES}")
    items = [item if type(item) is dict else dict(item) for item in items]
    links, own_links = [links_of(item) for item in items], links_of(head)
    warnings += unusable_links(links)
    items = items[: fields.MAX_ENTRIES]
    defaults = _FeedDefaults(
        bases=bases_of(head, url, version),
        language=fields.language_of(string_in(head, "language")),
        # In Atom the feed's authors apply to its entries (RFC 4287, 4.2.1); in RSS this is the webmaster.
        authors=_authors(head) if version.startswith("atom") else (),
        order=order_in(item.get(name) for item in items for name in ("published", "updated")),
    )
    read = [_entry(item, own, defaults) for item, own in zip(items, links, strict=False)]
    unwrapped = unwrapped_entries(body, read, url)
    for name in ("published", "updated"):
        warnings += unreadable_dates(
            (_date(item, name), None) for item, entry in zip(items, read, strict=True) if getattr(entry, name) is None
        )
    entries, guid_warnings = with_unique_guids([entry for entry in unwrapped if not entry.wire])
    return Feed(
        format=version or "rss",
        title=_line(head, "title"),
        home=defaults.bases.home,
        # Wire items keep their guids, which versions of one item share.
        entries=(*entries, *(entry for entry in unwrapped if entry.wire)),
        deleted=deleted_in(body) if version.startswith("atom") else (),
        prev_archive=related(own_links, "prev-archive", url),
        next_page=related(own_links, "next", url),
        hub=related(own_links, "hub", url),
        topic=related(own_links, "self", url),
        hints=hints_of(head, body),
        warnings=warnings + guid_warnings,
    )


def _entry(item: Raw, links: Links, defaults: _FeedDefaults) -> Entry:
    headline, description, (body, language) = _line(item, "title"), _description(item), _content(item)
    language = fields.language_of(string_in(item, "language") or language) or defaults.language
    # Never feedparser's own reading: it fills in what it does not understand from today's date.
    dates = (_date(item, name) for name in ("published", "updated"))
    published, updated = (read_time(date, language_for(date, language, defaults.order)) for date in dates)
    link = page_of(item, links, defaults.bases)
    if not link and not body:  # the summary is all there is to read
        body = fields.body_of(string_in(item, "summary"), markup=is_markup(item.get("summary_detail")))
    guid, origin = identity_of(
        fields.written_value(string_in(item, "id")),
        link,
        headline=headline,
        description=description,
        body=body,
        published=when_of(published),
    )
    return Entry(
        guid=guid,
        id_origin=origin,
        link=link,
        headline=headline,
        published=when_of(published),
        updated=when_of(updated),
        published_precision=precision_of(published),
        updated_precision=precision_of(updated),
        authors=_authors(item) or defaults.authors,
        description_text=description,
        body_html=body,
        language=language,
        payload=payload_of(links, url=defaults.bases.url),
        keywords=fields.names_of(tag.get("label") or tag.get("term") for tag in elements_in(item, "tags")),
    )


def _date(item: Raw, name: str) -> str | None:
    """Return a date as written; `created` is when an entry without another date was published."""
    names = (name,) if name != "published" else (name, "created", "prism_publicationdate")
    return next((fields.written_value(text) for one in names if (text := string_in(item, one))), None)


def _line(element: Raw, name: str) -> str | None:
    return fields.line_of(string_in(element, name), markup=is_markup(element.get(f"{name}_detail")))


def _description(item: Raw) -> str | None:
    summary, detail = string_in(item, "summary"), item.get("summary_detail")
    if detail is None and any(content.get("value") == summary for content in elements_in(item, "content")):
        return None  # without a summary, feedparser repeats the content here
    return fields.description_of(summary, markup=detail is None or is_markup(detail))


def _content(item: Raw) -> tuple[str | None, str | None]:
    """Return the longest content as HTML, and the language of the entry."""
    # The longest, because feedparser also lists picture captions (media:description) as content.
    contents = elements_in(item, "content")
    if len(contents) > 1:
        contents.sort(key=lambda content: len(content.get("value") or ""), reverse=True)
    detail = item.get("title_detail")
    title: Raw = detail if isinstance(detail, dict) else {}
    for content in contents:
        if is_markup(content) or content.get("type") == "text/plain":
            body = fields.body_of(content.get("value"), markup=is_markup(content))
            return body, content.get("language") or title.get("language")
    return None, title.get("language")


def _authors(element: Raw) -> tuple[str, ...]:
    authors = elements_in(element, "authors")
    address = _AUTHOR_ADDRESS.fullmatch(string_in(element, "author") or "")
    if address and len(authors) <= 1:
        return fields.names_of([address["name"] or address["address"]])
    return fields.names_of(author.get("name") or author.get("email") for author in authors)


FORMAT = Format("syndication", recognises, parse)
