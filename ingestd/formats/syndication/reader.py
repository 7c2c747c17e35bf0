"""Reader of RSS in all versions, RDF, CDF and Atom, on top of feedparser."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

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
from ingestd.formats.syndication.feedparser_document import Raw
from ingestd.formats.syndication.polling_hints import hints_of
from ingestd.formats.syndication.tombstones import deleted_in
from ingestd.formats.syndication.wrapped_items import unwrapped_entries
from ingestd.model.feed import Entry, Feed
from ingestd.model.sniffing import charset_of
from ingestd.model.xml_repair import repaired

_ROOTS = frozenset(("rss", "feed", "rdf", "channel"))
_MARKUP_TYPES = frozenset(("text/html", "application/xhtml+xml"))
#: Media types of an alternate link that leads to no page.
_NO_PAGE = re.compile(
    r"image/|audio/|video/|application/(?:json|feed\+json|atom\+xml|rss\+xml|activity\+json|ld\+json)", re.IGNORECASE
)
_SPACE = re.compile(r"\s")
#: A relation of RFC 4287 in full (4.2.7.2).
_IANA_RELATION = "http://www.iana.org/assignments/relation/"
#: Media types registered or seen: application/vnd.iptc.g2.newsitem+xml, text/vnd.iptc.newsml, application/nitf+xml ...
_WIRE_TYPE = re.compile(r"iptc|newsml|nitf|ninjs", re.IGNORECASE)
_LEADING_SPACE = re.compile(rb"^\s+(?=<)")
# An author in the form of RSS 2.0: "desk@paper.example (Jane Doe)".  feedparser truncates domains such as this one.
_AUTHOR_ADDRESS = re.compile(r"\s*(?P<address>[^\s@()<>]+@[^\s@()<>]+)\s*(?:\((?P<name>.*)\))?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FeedDefaults:
    """Values that the feed gives for entries without their own, and the addresses that references resolve against."""

    url: str
    #: For links of entries.
    base: str
    #: The page of the feed.
    home: str | None
    #: Whether identifiers are addresses of pages, as in RDF.
    ids_are_pages: bool
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
    body, repairs = repaired(_LEADING_SPACE.sub(b"", document.body), charset_of(content_type))
    parsed, warnings = feedparser_document.parse(body, content_type)
    warnings = (*document.warnings, *repairs, *warnings)
    head, items = dict(parsed["feed"]), parsed["entries"]
    version = parsed.get("version") or ""
    if not version and not items:
        raise UnknownFormat("XML, but not a feed")
    if len(items) > fields.MAX_ENTRIES:
        warnings = (*warnings, f"entries beyond {fields.MAX_ENTRIES} left out: {len(items) - fields.MAX_ENTRIES}")
    defaults = _FeedDefaults(
        url=url,
        base=_base(url, head) if not version.startswith("atom") else url,
        home=fields.page_of(url, _string(head, "link")),
        ids_are_pages=version in ("rss10", "rss11"),
        language=fields.language_of(_string(head, "language")),
        # In Atom the feed's authors apply to its entries (RFC 4287, 4.2.1); in RSS this is the webmaster.
        authors=_authors(head) if version.startswith("atom") else (),
    )
    warnings += _unusable_links(items)
    items = [dict(item) for item in items[: fields.MAX_ENTRIES]]
    order = order_in(item.get(name) for item in items for name in ("published", "updated"))
    read = [_entry(item, defaults, order) for item in items]
    unwrapped = unwrapped_entries(body, read, url)
    for name in ("published", "updated"):
        warnings += unreadable_dates(
            (_date(item, name), getattr(entry, name)) for item, entry in zip(items, read, strict=True)
        )
    entries, guid_warnings = with_unique_guids([entry for entry in unwrapped if not entry.wire])
    return Feed(
        format=version or "rss",
        title=_line(head, "title"),
        home=defaults.home,
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


def _entry(item: Raw, defaults: _FeedDefaults, order: str | None) -> Entry:
    headline, description, (body, language) = _line(item, "title"), _description(item), _content(item)
    language = fields.language_of(_string(item, "language") or language) or defaults.language
    # Never feedparser's own reading: it fills in what it does not understand from today's date.
    dates = (_date(item, name) for name in ("published", "updated"))
    published, updated = (read_time(date, language_for(date, language, order)) for date in dates)
    link = _page(item, defaults)
    if not link and not body:  # the summary is all there is to read
        body = fields.body_of(_string(item, "summary"), markup=_is_markup(item.get("summary_detail")))
    guid, origin = identity_of(
        fields.written_value(_string(item, "id")),
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
        payload=_payload(item, defaults.url),
        keywords=fields.names_of(tag.get("label") or tag.get("term") for tag in _elements(item, "tags")),
    )


def _date(item: Raw, name: str) -> str | None:
    """Return a date as written; `created` is when an entry without another date was published."""
    names = (name,) if name != "published" else (name, "created", "prism_publicationdate")
    return next((fields.written_value(text) for one in names if (text := _string(item, one))), None)


def _page(item: Raw, defaults: _FeedDefaults) -> str | None:
    """Return the URL of an entry's page: its first alternate link, else its identifier if that is an http(s) URL.

    feedparser's `link` may be an enclosure, or an identifier that is no URL.
    """
    found: list[str] = []
    for relation in ("alternate", "canonical"):
        links = [link for link in _links(item) if _relation(link) == relation and _may_be_page(link, item)]
        # In the order of the feed, HTML first.
        links.sort(key=lambda link: _media_type(link) not in _MARKUP_TYPES)
        found += (link["href"] for link in links)
    found += (
        part["src"] for part in _elements(item, "content") if part.get("src") and _media_type(part) in _MARKUP_TYPES
    )
    if page := next(filter(None, (_resolved(link, defaults) for link in found)), None):
        return page
    identifier = fields.written_value(_string(item, "id"))
    # An identifier with spaces, such as "17 at https://paper.example", is no address.
    is_page = (item.get("guidislink") or defaults.ids_are_pages) and not _SPACE.search(identifier)
    return fields.page_of("", identifier) if is_page else None


def _may_be_page(link: Raw, item: Raw) -> bool:
    """Return whether a link may lead to the page: not to a picture, a recording, the entry as JSON or as a feed.

    Some publishers write their identifier into the link as well.
    """
    href = (link.get("href") or "").strip()
    if not href or _NO_PAGE.match(link.get("type") or ""):
        return False
    return href != (_string(item, "id") or "").strip() or any(sign in href for sign in "/.?#:")


def _resolved(link: str, defaults: _FeedDefaults) -> str | None:
    reference = fields.written_value(link)
    if reference.startswith(("#", "?")):
        # It is about a page, not about the feed.
        base = defaults.home or (defaults.base if reference.startswith("?") or defaults.base != defaults.url else "")
        return fields.page_of(base, reference) if len(reference) > 1 else None
    return fields.page_of(defaults.base, reference)


def _base(url: str, head: Raw) -> str:
    """Return what links in RSS resolve against: the feed's address, or the page of a feed on another host.

    RSS has no rule for relative links; publishers whose feed a service hosts mean their own site.
    """
    page = fields.page_of(url, _string(head, "link"))
    return page if page and urlsplit(page).hostname != urlsplit(url).hostname else url


def _unusable_links(items: Sequence[Raw]) -> tuple[str, ...]:
    """Return a warning that names the first links of entries that are no http(s) URLs."""
    found = {
        link["href"]: None
        for item in items
        for link in _links(item)
        if _relation(link) == "alternate"
        and link.get("href")
        and fields.written_value(link["href"]) != "#"
        and not fields.page_of("http://base.invalid/", link["href"])
    }
    return (f"links that are no http(s) URL were dropped: {', '.join(found)[:200]}",) if found else ()


def _payload(item: Raw, url: str) -> str | None:
    """Return the URL of the first enclosure that has a wire format's media type."""
    for link in _links(item):
        if _relation(link) == "enclosure" and _WIRE_TYPE.search(link.get("type") or ""):
            return fields.page_of(url, link.get("href"))
    return None


def _line(element: Raw, name: str) -> str | None:
    return fields.line_of(_string(element, name), markup=_is_markup(element.get(f"{name}_detail")))


def _is_markup(detail: object) -> bool:
    return isinstance(detail, Mapping) and detail.get("type") in _MARKUP_TYPES


def _media_type(element: Raw) -> str:
    return (element.get("type") or "text/html").partition(";")[0].strip().lower()


def _string(element: Raw, name: str) -> str | None:
    # After an element with the name of one of feedparser's lists, some texts are mappings.
    return found if isinstance(found := element.get(name), str) else None


def _elements(element: Raw, name: str) -> list[Raw]:
    """Return a list of feedparser's; an element of the publisher's with that name replaces it by text."""
    found = element.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _description(item: Raw) -> str | None:
    summary, detail = _string(item, "summary"), item.get("summary_detail")
    if detail is None and any(content.get("value") == summary for content in _elements(item, "content")):
        return None  # without a summary, feedparser repeats the content here
    return fields.description_of(summary, markup=detail is None or _is_markup(detail))


def _content(item: Raw) -> tuple[str | None, str | None]:
    """Return the longest content as HTML, and the language of the entry."""
    # The longest, because feedparser also lists picture captions (media:description) as content.
    contents = sorted(_elements(item, "content"), key=lambda content: len(content.get("value") or ""), reverse=True)
    detail = item.get("title_detail")
    title: Raw = detail if isinstance(detail, Mapping) else {}
    for content in contents:
        if _is_markup(content) or content.get("type") == "text/plain":
            body = fields.body_of(content.get("value"), markup=_is_markup(content))
            return body, content.get("language") or title.get("language")
    return None, title.get("language")


def _authors(element: Raw) -> tuple[str, ...]:
    authors = _elements(element, "authors")
    address = _AUTHOR_ADDRESS.fullmatch(_string(element, "author") or "")
    if address and len(authors) <= 1:
        return fields.names_of([address["name"] or address["address"]])
    return fields.names_of(author.get("name") or author.get("email") for author in authors)


def _related(element: Raw, relation: str, url: str) -> str | None:
    return next((page for link in _related_links(element, relation) if (page := fields.page_of(url, link))), None)


def _related_links(element: Raw, relation: str) -> Iterator[str]:
    return (link["href"] for link in _links(element) if _relation(link) == relation and link.get("href"))


def _relation(link: Raw) -> str:
    # Without one it is "alternate" (RFC 4287, 4.2.7.2).
    return (link.get("rel") or "").strip().lower().removeprefix(_IANA_RELATION) or "alternate"


def _links(element: Raw) -> Sequence[Raw]:
    if isinstance(element.get("links"), str) and (address := _string(element, "link")):
        return [{"href": address}]
    return _elements(element, "links")


FORMAT = Format("syndication", recognises, parse)
