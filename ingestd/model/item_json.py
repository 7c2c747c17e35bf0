"""Conversion of wire items to plain JSON values and back, for storage in the database."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from datetime import datetime
from typing import Any

from ingestd.model.item import AltId, Association, Author, Concept, EdNote, Headline, Item, Link, Rendition, Series
from ingestd.times import parse_iso

_TIMES = frozenset(("versioncreated", "firstcreated", "embargoed", "expires"))
_ONE: Mapping[str, type[Any]] = {"provider": Concept, "series": Series}
_MANY: Mapping[str, type[Any]] = {
    **dict.fromkeys(("subject", "genre", "place", "person", "organisation", "event"), Concept),
    "headlines": Headline,
    "authors": Author,
    "ednotes": EdNote,
    "associations": Association,
    "renditions": Rendition,
    "altids": AltId,
    "links": Link,
}
_PARTS = frozenset((Concept, Headline, Author, EdNote, Association, Rendition, AltId, Link, Series, Item))
_FIELDS = {
    part: tuple((field.name, None if field.default is MISSING else field.default) for field in fields(part))
    for part in _PARTS
}


def item_as_json(item: Item) -> dict[str, Any]:
    """Return an item as a JSON value, without fields that have their default value."""
    values: dict[str, Any] = _plain(item)
    return values


def _plain(value: Any) -> Any:
    if type(value) in _PARTS:
        named = ((name, getattr(value, name), default) for name, default in _FIELDS[type(value)])
        return {name: _plain(one) for name, one, default in named if one != default and one not in ((), {}, None)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else value


def item_from_json(value: Mapping[str, Any]) -> Item:
    """Return the item that a JSON value was made from, without the fields that this program does not know."""
    return _part(Item, value)  # type: ignore[no-any-return]


def _field(name: str, value: Any) -> Any:
    if name in _TIMES:
        return parse_iso(value)
    if name in _ONE:
        return _part(_ONE[name], value)
    if name in _MANY:
        return tuple(_part(_MANY[name], one) for one in value)
    return tuple(value) if isinstance(value, list) else value


def _part(kind: type[Any], value: Mapping[str, Any]) -> Any:
    known = {name for name, _ in _FIELDS[kind]}
    return kind(**{name: _field(name, one) for name, one in value.items() if name in known})


def without_body(item: Item) -> Item:
    """Return an item without its text, for storage where the text is stored separately."""
    return replace(item, body_text=None, body_html=None)
