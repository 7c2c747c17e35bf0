"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""

from ingestd.errors import ParseError
from ingestd.formats.common import fields
from ingestd.formats.common.dates import read_date
from ingestd.formats.common.document import Document, JsonObject, json_object_in, list_member, text_member
from ingestd.formats.common.format import Format
from ingestd.formats.common.identity import identity_of, with_unique_guids
from ingestd.model.feed import Entry, Feed

_NAME = "jsonfeed"
# What items of wire formats have and those of this one don't (IPTC ninjs; AP Media API).
_WIRE_KEYS = frozenset(("item", "versioncreated", "versionCreated", "pubstatus", "pubStatus", "headline", "headlines"))


def recognises(document: Document) -> bool:
    """Say whether it is a JSON object that names the format, or has a list of items that are no wire's."""
    keys = document.keys
    if _NAME in str(keys.get("version"))[:100]:
        return True
    items = list_member(keys, "items")
    if not items:
        return "items" in keys and isinstance(keys["items"], list)
    return not (isinstance(items[0], dict) and _WIRE_KEYS & items[0].keys())


def parse(document: Document, url: str, _content_type: str | None = None) -> Feed:
    """Read a JSON Feed document.

    `url` is where it was found; relative links resolve against it.

    Entries keep the document's order, their dates come out in aware UTC.
    An item without an id is left out, as the format asks of its readers;
    any other field of the wrong type counts as absent.

    Raises ParseError when it is no JSON object, or no JSON Feed.
    """
    feed, warnings = json_object_in(document), document.warnings
    if not recognises(document):
        raise ParseError("JSON that is no JSON Feed")
    items = list_member(feed, "items")
    named = [item for item in items[: fields.MAX_ENTRIES] if isinstance(item, dict) and _identifier(item)]
    if len(named) < len(items):
        warnings = (
            *warnings,
            f"items without an id or beyond {fields.MAX_ENTRIES} left out: {len(items) - len(named)}",
        )
    language, authors = fields.language_of(text_member(feed, "language")), _authors(feed)
    entries, doubts = with_unique_guids([_entry(item, url, language, authors) for item in named])
    return Feed(
        format="json-feed",
        title=fields.line_of(text_member(feed, "title")),
        home=fields.page_of(url, text_member(feed, "home_page_url")),
        entries=entries,
        next_page=fields.page_of(url, text_member(feed, "next_url")),
        hub=_hub(feed, url),
        topic=fields.page_of(url, text_member(feed, "feed_url")),
        warnings=warnings + doubts,
    )


def _hub(feed: JsonObject, url: str) -> str | None:
    """Return the first hub that speaks WebSub; other kinds exist (JSON Feed 1.1, `hubs`)."""
    hubs = (hub for hub in list_member(feed, "hubs") if isinstance(hub, dict))
    addresses = (text_member(hub, "url") for hub in hubs if (text_member(hub, "type") or "").lower() == "websub")
    return next(filter(None, (fields.page_of(url, address) for address in addresses)), None)


def _entry(item: JsonObject, url: str, language: str | None, authors: tuple[str, ...]) -> Entry:
    headline = fields.line_of(text_member(item, "title"))
    description = fields.description_of(text_member(item, "summary"))
    body = fields.body_of(text_member(item, "content_html")) or fields.body_of(
        text_member(item, "content_text"), markup=False
    )
    published = read_date(text_member(item, "date_published"))
    link = fields.link_of(url, text_member(item, "url") or text_member(item, "external_url"))
    guid, origin = identity_of(
        _identifier(item), link, headline=headline, description=description, body=body, published=published
    )
    return Entry(
        guid=guid,
        id_origin=origin,
        link=link,
        headline=headline,
        published=published,
        updated=read_date(text_member(item, "date_modified")),
        authors=_authors(item) or authors,
        description_text=description,
        body_html=body,
        language=fields.language_of(text_member(item, "language")) or language,
        keywords=fields.names_of(tag for tag in list_member(item, "tags") if isinstance(tag, str)),
    )


def _identifier(item: JsonObject) -> str | None:
    value = item.get("id")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # "a reader should coerce it to a string" (version 1, items)
    return text_member(item, "id")


def _authors(element: JsonObject) -> tuple[str, ...]:
    """Return names out of `authors`, or of version 1.0's `author`."""
    people = list_member(element, "authors") or [element.get("author")]
    return fields.names_of(text_member(person, "name") for person in people if isinstance(person, dict))


FORMAT = Format("json-feed", recognises, parse)
