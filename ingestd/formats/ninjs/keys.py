"""Normalise the keys and value types of ninjs versions and dialects (`body_html`, `bodies`, `versionCreated` ...)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from ingestd.caching import cached_if_short

Folded = Mapping[str, Any]

#: Folded key → name that the reader uses (ninjs 1.6 and 3.1 schemas); other keys are the same in all versions.
_CANONICAL_NAMES = {
    "people": "person", "persons": "person", "organisations": "organisation", "organizations": "organisation",
    "organization": "organisation", "places": "place", "subjects": "subject", "genres": "genre", "events": "event",
    "objects": "object", "by": "byline", "infosources": "infosource", "ednotes": "ednote",
    "altid": "altids", "alternateids": "altids", "contributors": "authors", "signal": "signals", "creators": "authors",
    "embargo": "embargoed", "embargodate": "embargoed", "expiry": "expires", "embargoeduntil": "embargoed",
}  # fmt: skip
#: Role of the description in which `renderers.ninjs` writes what ninjs 3 has no property for, as JSON.
EXTENSIONS_ROLE = "ingestd"
_PLURALS = {"body": "bodies", "headline": "headlines", "description": "descriptions"}


class Variant(NamedTuple):
    """One form of a body, headline or description; role and content type are empty when absent."""

    role: str
    contenttype: str
    value: str


@cached_if_short(2048)
def _fold(key: str) -> str:
    folded = key.lower().replace("_", "")
    return _CANONICAL_NAMES.get(folded, folded)


def fold(item: Mapping[str, Any]) -> Folded:
    """Return an object with canonical keys and without empty values; the first of equal keys is kept."""
    folded: dict[str, Any] = {}
    for key, value in item.items():
        if value is not None and value not in ("", []):
            folded.setdefault(_fold(key[:100]), value)
    return folded


def embargo_in(item: Mapping[str, Any]) -> str | None:
    """Return an item's embargo as text, empty if the key is present with an empty text; None when absent.

    A null counts as absent, because publishing systems write it when there is no embargo.  So does an empty text
    if other members are empty texts, too: then the item is a template that was not filled in.
    """
    embargoes = [value for key, value in item.items() if _fold(key[:100]) == "embargoed" and value is not None]
    if text := next(filter(None, map(scalar_text, embargoes)), None):
        return text
    blank = any(isinstance(value, str) for value in embargoes)
    return "" if blank and sum(value == "" for value in item.values()) <= len(embargoes) else None


class Variants(NamedTuple):
    """The forms of an item's texts, in the order sent."""

    body: list[Variant]
    headline: list[Variant]
    description: list[Variant]


def variants_of(item: Mapping[str, Any]) -> Variants:
    """Return the forms of an item's body, headline and description.

    2.x and 3.x list them with role and content type.  1.x has a key for each, `body_ROLE`, where the role may stand
    for a content type.
    """
    variants = Variants([], [], [])
    for key, value in item.items():
        field_and_role = _field_and_role(key)
        if not field_and_role or not value:
            continue
        name, role = field_and_role
        if role is None:
            getattr(variants, name).extend(_variants_in_list(value) if isinstance(value, list) else ())
        elif isinstance(value, str) and not value.isspace():
            type_ = _CONTENT_TYPES.get(role, "")
            getattr(variants, name).append(Variant("" if role in _CONTENT_TYPES else role, type_, value))
    return variants


@cached_if_short(2048)
def _field_and_role(key: str) -> tuple[str, str | None] | None:
    """Return the field of `Variants` that a key belongs to, with its role; the role of a list is None."""
    name = key.lower()
    for field, plural in _PLURALS.items():
        if name == plural:
            return field, None
        if name == field or name.startswith(f"{field}_"):
            return field, name[len(field) + 1 :]
    return None


#: Role in a key of ninjs 1.x → content type.
_CONTENT_TYPES = {"text": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml", "html5": "text/html"}


def _variants_in_list(values: Sequence[Any]) -> Iterator[Variant]:
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
    """Return a text, or a number as text; None for a blank text or any other type."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def objects_in(value: Any) -> list[tuple[str | None, Mapping[str, Any]]]:
    """Return the objects in a value, each with its name or None.

    The value may be a list, an object that holds objects by name, a single object or a text; texts become objects
    with a `name`.
    """
    if isinstance(value, list):
        return [(None, one if isinstance(one, dict) else {"name": one}) for one in value if one]
    if isinstance(value, dict):
        if any(isinstance(one, dict | list) for one in value.values()) and not _SINGLE_OBJECT_KEYS & value.keys():
            return [(name, one) for name, one in value.items() if isinstance(one, dict)]
        return [(None, value)]
    return [(None, {"name": value})] if isinstance(value, str) and value.strip() else []


#: Keys that mark a single object, as opposed to one that holds objects by name.
_SINGLE_OBJECT_KEYS = frozenset(("name", "uri", "guid", "href", "code", "literal", "value", "headline"))


def extensions_in(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the members that `renderers.ninjs` added to ninjs 3; untrusted, like the rest of the item."""
    listed = item.get("descriptions")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("role") == EXTENSIONS_ROLE and isinstance(one.get("value"), str):
            with suppress(ValueError, RecursionError):
                extensions = json.loads(one["value"])
                return extensions if isinstance(extensions, dict) else {}
    return {}
