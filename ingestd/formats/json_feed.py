"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ingestd.errors import ParseError
from ingestd.formats import fields
from ingestd.formats.dates import read_date
from ingestd.formats.format import Format
from ingestd.formats.identity import identity_of, told_apart
from ingestd.model import Entry, Feed

Object = Mapping[str, Any]

# The version may come after the items, its slashes escaped; some have a list of items and no version.
_SIGNS = re.compile(rb'jsonfeed\.org\\?/version|"items"\s*:\s*\[')
_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")


def recognises(body: bytes) -> bool:
    """Say whether it is a JSON object that names the format, or has a list of items."""
    return bool(_START.match(body) and _SIGNS.search(body))


def parse(body: bytes, url: str, _content_type: str | None = None) -> Feed:
    """Read a JSON Feed document.

    `body` is the document as bytes: JSON is UTF-8 (RFC 8259, 8.1).
    `url` is where it was found; relative links resolve against it.

    Entries keep the document's order, their dates come out in aware UTC.
    An item without an id is left out, as the format asks of its readers;
    any other field of the wrong type counts as absent.

    Raises ParseError when the body is no JSON object, or no JSON Feed.
    """
    feed, warnings = _read(body)
    items = _list(feed, "items")
    named = [item for item in items[: fields.MAX_ENTRIES] if isinstance(item, dict) and _identifier(item)]
    if len(named) < len(items):
        warnings = (
            *warnings,
            f"items without an id or beyond {fields.MAX_ENTRIES} left out: {len(items) - len(named)}",
        )
    language, authors = fields.language_of(_text(feed, "language")), _authors(feed)
    entries, doubts = told_apart([_entry(item, url, language, authors) for item in named])
    return Feed(
        format="json-feed",
        title=fields.line_of(_text(feed, "title")),
        home=fields.page_of(url, _text(feed, "home_page_url")),
        entries=entries,
        next_page=fields.page_of(url, _text(feed, "next_url")),
        hub=_hub(feed, url),
        topic=fields.page_of(url, _text(feed, "feed_url")),
        warnings=warnings + doubts,
    )


def _read(body: bytes) -> tuple[Object, tuple[str, ...]]:
    text = body.decode("utf-8-sig", "replace")
    warnings = ("bytes that are no UTF-8 were replaced",) if "\ufffd" in text and b"\xef\xbf\xbd" not in body else ()
    try:
        feed = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"no JSON: {error}") from error
    if not isinstance(feed, dict) or not (
        isinstance(feed.get("items"), list) or "jsonfeed" in str(feed.get("version"))
    ):
        raise ParseError("JSON that is no JSON Feed")
    return feed, warnings


def _hub(feed: Object, url: str) -> str | None:
    """Return the first hub that speaks WebSub; other kinds exist (JSON Feed 1.1, `hubs`)."""
    hubs = (hub for hub in _list(feed, "hubs") if isinstance(hub, dict))
    addresses = (_text(hub, "url") for hub in hubs if (_text(hub, "type") or "").lower() == "websub")
    return next(filter(None, (fields.page_of(url, address) for address in addresses)), None)


def _entry(item: Object, url: str, language: str | None, authors: tuple[str, ...]) -> Entry:
    headline = fields.line_of(_text(item, "title"))
    description = fields.description_of(_text(item, "summary"))
    body = fields.body_of(_text(item, "content_html")) or fields.body_of(_text(item, "content_text"), markup=False)
    published = read_date(_text(item, "date_published"))
    link = fields.link_of(url, _text(item, "url") or _text(item, "external_url"))
    guid, origin = identity_of(
        _identifier(item), link, headline=headline, description=description, body=body, published=published
    )
    return Entry(
        guid=guid,
        id_origin=origin,
        link=link,
        headline=headline,
        published=published,
        updated=read_date(_text(item, "date_modified")),
        authors=_authors(item) or authors,
        description_text=description,
        body_html=body,
        language=fields.language_of(_text(item, "language")) or language,
        keywords=fields.names_of(tag for tag in _list(item, "tags") if isinstance(tag, str)),
    )


def _identifier(item: Object) -> str | None:
    value = item.get("id")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # "a reader should coerce it to a string" (version 1, items)
    return _text(item, "id")


def _authors(element: Object) -> tuple[str, ...]:
    """Return names out of `authors`, or of version 1.0's `author`."""
    people = _list(element, "authors") or [element.get("author")]
    return fields.names_of(_text(person, "name") for person in people if isinstance(person, dict))


def _text(element: Object, name: str) -> str | None:
    value = element.get(name)
    return value if isinstance(value, str) and value.strip() else None


def _list(element: Object, name: str) -> Sequence[Any]:
    value = element.get(name)
    return value if isinstance(value, list) else ()


FORMAT = Format("json-feed", recognises, parse)
