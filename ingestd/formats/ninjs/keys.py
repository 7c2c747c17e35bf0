"""The key styles of ninjs, folded once: 1.x `body_html`, 2.x and 3.x `bodies`, Superdesk's, and all their capitals."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

Folded = Mapping[str, Any]

#: Folded key → the one name that the reader knows (ninjs 1.6 and 3.1 schemas; what is not here has one name in all).
_NAMES = {
    "people": "person", "persons": "person", "organisations": "organisation", "organizations": "organisation",
    "organization": "organisation", "places": "place", "subjects": "subject", "genres": "genre", "events": "event",
    "objects": "object", "by": "byline", "infosources": "infosource", "ednotes": "ednote",
    "altid": "altids", "alternateids": "altids", "contributors": "authors", "signal": "signals", "creators": "authors",
    "embargo": "embargoed", "embargodate": "embargoed", "expiry": "expires", "embargoeduntil": "embargoed",
}  # fmt: skip
#: Role of the description in which our own renderer puts what ninjs 3 has no property for, as JSON.
EXTENSIONS_ROLE = "ingestd"
_PLURALS = {"body": "bodies", "headline": "headlines", "description": "descriptions"}


class Variant(NamedTuple):
    """One form of a body, headline or description: of its role, of its media type, and its text."""

    role: str
    contenttype: str
    value: str


@lru_cache(maxsize=2048)
def _fold(key: str) -> str:
    folded = key.lower().replace("_", "")
    return _NAMES.get(folded, folded)


def fold(item: Mapping[str, Any]) -> Folded:
    """Return an object with its keys folded; of two that fold to one the first that says something counts."""
    folded: dict[str, Any] = {}
    for key, value in item.items():
        if value is not None and value not in ("", []):
            folded.setdefault(_fold(key[:100]), value)
    return folded


def embargo_in(item: Mapping[str, Any]) -> str | None:
    """Return an item's embargo as text; empty where the key is there with an empty text, None where it is absent.

    A null is absent: that is how publishing systems write that there is none.  So is an empty text among others:
    who leaves them empty as well fills in a form, and says nothing by it.
    """
    found = [value for key, value in item.items() if _fold(key[:100]) == "embargoed" and value is not None]
    if said := next(filter(None, map(scalar_text, found)), None):
        return said
    blank = any(isinstance(value, str) for value in found)
    return "" if blank and sum(value == "" for value in item.values()) <= len(found) else None


class Variants(NamedTuple):
    """The forms of an item's texts, each in the order sent."""

    body: list[Variant]
    headline: list[Variant]
    description: list[Variant]


def variants_of(item: Mapping[str, Any]) -> Variants:
    """Return the forms of all texts of an item.

    2.x and 3.x list them with role and content type; 1.x has a key each, `body_ROLE`, where the role may be a type.
    """
    found = Variants([], [], [])
    for key, value in item.items():
        kind = _kind_of(key)
        if not kind or not value:
            continue
        name, role = kind
        if role is None:
            getattr(found, name).extend(_listed(value) if isinstance(value, list) else ())
        elif isinstance(value, str) and not value.isspace():
            getattr(found, name).append(Variant("" if role in _TYPES else role, _TYPES.get(role, ""), value))
    return found


@lru_cache(maxsize=2048)
def _kind_of(key: str) -> tuple[str, str | None] | None:
    """Return which text a key is of, and its role; None for the role of a list."""
    name = key.lower()
    for kind, plural in _PLURALS.items():
        if name == plural:
            return kind, None
        if name == kind or name.startswith(f"{kind}_"):
            return kind, name[len(kind) + 1 :]
    return None


_TYPES = {"text": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml", "html5": "text/html"}


def _listed(values: Sequence[Any]) -> Iterator[Variant]:
    for one in values:
        if isinstance(one, dict):
            given = fold(one)
            value = given.get("value")
            if isinstance(value, str) and value.strip() and given.get("role") != EXTENSIONS_ROLE:
                yield Variant(
                    scalar_text(given.get("role")) or "", (scalar_text(given.get("contenttype")) or "").lower(), value
                )
        elif isinstance(one, str) and one.strip():
            yield Variant("", "", one)


def scalar_text(value: Any) -> str | None:
    """Return what is text, or a number as text; None for anything else, and for what is blank."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def objects_in(value: Any) -> list[tuple[str | None, Mapping[str, Any]]]:
    """Return the objects in a list, or in an object by their names; an object or a text on its own is a list of one."""
    if isinstance(value, list):
        return [(None, one if isinstance(one, dict) else {"name": one}) for one in value if one]
    if isinstance(value, dict):
        if any(isinstance(one, dict | list) for one in value.values()) and not _OWN & value.keys():
            return [(name, one) for name, one in value.items() if isinstance(one, dict)]
        return [(None, value)]
    return [(None, {"name": value})] if isinstance(value, str) and value.strip() else []


#: What an object has that is a thing itself, and no object of things by name.
_OWN = frozenset(("name", "uri", "guid", "href", "code", "literal", "value", "headline"))


def extensions_in(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what our own renderer wrote of an item beyond ninjs 3; it is read like anything else that was sent."""
    listed = item.get("descriptions")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("role") == EXTENSIONS_ROLE and isinstance(one.get("value"), str):
            with suppress(ValueError, RecursionError):
                own = json.loads(one["value"])
                return own if isinstance(own, dict) else {}
    return {}
