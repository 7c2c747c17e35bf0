"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""

from urllib.parse import urlsplit

from ingestd.dates.reading import read_time
from ingestd.dates.stated_time import precision_of, when_of
from ingestd.errors import ParseError
from ingestd.formats.common import fields
from ingestd.formats.common.date_order import language_for, order_in
from ingestd.formats.common.document import Document, JsonObject, json_object_in, list_member, text_member
from ingestd.formats.common.format import Format
from ingestd.formats.common.identity import identity_of, with_unique_guids
from ingestd.formats.common.unreadable_dates import unreadable_dates
from ingestd.model.feed import Entry, Feed

_NAME = "jsonfeed"
# Keys of wire items (IPTC ninjs, AP Media API) that JSON Feed items do not have.
_WIRE_KEYS = frozenset(("item", "versioncreated", "versionCreated", "pubstatus", "pubStatus", "headline", "headlines"))


def recognises(document: Document) -> bool:
    """Return whether a JSON object names the format as its version, or has `items` that are not wire items."""
    members = document.members
    if _NAME in str(members.get("version"))[:100]:
        return True
    items = list_member(members, "items")
    if not items:
        return "items" in members and isinstance(members["items"], list)
    return not (isinstance(items[0], dict) and _WIRE_KEYS & items[0].keys())


def parse(document: Document, url: str, _content_type: str | None = None) -> Feed:
    """Parse a JSON Feed document.

    `url` is the document's address; relative links resolve against it.

    Entries keep the document's order; their times are in UTC.  An item without an id is left out, as the
    specification tells readers to do.  Any other field of the wrong type counts as absent.

    Raises ParseError when the document is not a JSON object, or not a JSON Feed.
    """
    feed, warnings = json_object_in(document), document.warnings
    if not recognises(document):
        raise ParseError("not a JSON Feed")
    items = list_member(feed, "items")
    kept = [item for item in items[: fields.MAX_ENTRIES] if isinstance(item, dict) and _identifier(item)]
    if len(kept) < len(items):
        warnings = (
            *warnings,
            f"items without an id or beyond {fields.MAX_ENTRIES} left out: {len(items) - len(kept)}",
        )
    language, authors = fields.language_of(text_member(feed, "language")), _authors(feed)
    home = fields.page_of(url, text_member(feed, "home_page_url"))
    base = _base(url, home)
    order = order_in(item.get(name) for item in kept for name in ("date_published", "date_modified"))
    read = [_entry(item, base, language, authors, order) for item in kept]
    for name, field in (("date_published", "published"), ("date_modified", "updated")):
        warnings += unreadable_dates(
            (item.get(name), getattr(entry, field)) for item, entry in zip(kept, read, strict=True)
        )
    entries, guid_warnings = with_unique_guids(read)
    return Feed(
        format="json-feed",
        title=fields.line_of(text_member(feed, "title")),
        home=home,
        entries=entries,
        next_page=fields.page_of(url, text_member(feed, "next_url")),
        hub=_hub(feed, url),
        topic=fields.page_of(url, text_member(feed, "feed_url")),
        warnings=warnings + guid_warnings,
    )


def _hub(feed: JsonObject, url: str) -> str | None:
    """Return the URL of the first WebSub hub; hubs of other types exist (JSON Feed 1.1, `hubs`)."""
    hubs = (hub for hub in list_member(feed, "hubs") if isinstance(hub, dict))
    addresses = (text_member(hub, "url") for hub in hubs if (text_member(hub, "type") or "").lower() == "websub")
    return next(filter(None, (fields.page_of(url, address) for address in addresses)), None)


def _entry(item: JsonObject, url: str, language: str | None, authors: tuple[str, ...], order: str | None) -> Entry:
    headline = fields.line_of(text_member(item, "title"))
    description = fields.description_of(text_member(item, "summary"))
    body = fields.body_of(text_member(item, "content_html")) or fields.body_of(
        text_member(item, "content_text"), markup=False
    )
    own_language = fields.language_of(text_member(item, "language")) or language
    dates = (item.get(name) for name in ("date_published", "date_modified"))
    published, updated = (read_time(date, language_for(date, own_language, order)) for date in dates)
    link = _page(item, url)
    if not link and not body:  # the summary is all there is to read
        body = fields.body_of(text_member(item, "summary"), markup=False)
    guid, origin = identity_of(
        _identifier(item), link, headline=headline, description=description, body=body, published=when_of(published)
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
        authors=_authors(item) or authors,
        description_text=description,
        body_html=body,
        language=own_language,
        keywords=fields.names_of(tag for tag in list_member(item, "tags") if isinstance(tag, str)),
    )


def _page(item: JsonObject, base: str) -> str | None:
    """Return the URL of an item's page: its own, else that of the page it is about, else its id, if that is a URL.

    An id is "ideally the full URL of the resource described by the item" (JSON Feed 1.1, `id`).
    """
    identifier = (_identifier(item) or "").strip()
    for name in ("url", "external_url"):
        written = text_member(item, name)
        # Some publishers write their id into `url` as well.
        is_id = written and written.strip() == identifier and not any(sign in identifier for sign in "/.?#:")
        if not is_id and (page := fields.page_of(base, written)):
            return page
    return fields.page_of("", identifier) if not any(map(str.isspace, identifier)) else None


def _base(url: str, home: str | None) -> str:
    """Return what links resolve against: the feed's address, or the home page of a feed on another host."""
    return home if home and urlsplit(home).hostname != urlsplit(url).hostname else url


def _identifier(item: JsonObject) -> str | None:
    value = item.get("id")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # "a reader should coerce it to a string" (version 1, items)
    return text_member(item, "id")


def _authors(element: JsonObject) -> tuple[str, ...]:
    """Return the names in `authors`, or in version 1.0's `author`."""
    people = list_member(element, "authors") or [element.get("author")]
    return fields.names_of(text_member(person, "name") for person in people if isinstance(person, dict))


FORMAT = Format("json-feed", recognises, parse)
