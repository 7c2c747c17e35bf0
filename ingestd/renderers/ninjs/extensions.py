"""Values of an item that ninjs 3.1 has no property for, in the form that `formats.ninjs` reads back."""

from collections.abc import Collection, Iterable
from typing import Any

from ingestd.model.item import Association, Concept, Item

#: Role of the description that holds them.
EXTENSIONS_ROLE = "ingestd"
#: List of an item → property of ninjs.
CONCEPTS = {
    "subject": "subjects", "place": "places", "person": "people", "organisation": "organisations", "event": "events",
    "genre": "genres",
}  # fmt: skip
_LINES = ("dateline", "creditline", "source", "priority", "versioncreated_precision", "firstcreated_precision")
_LISTS = ("keywords", "signals")
_OBJECT_LISTS = ("authors", "links", "renditions", "associations")
#: Attribute → key under which `formats.ninjs` reads it, where they differ.
_KEYS = {(Association, "caption"): "description_text", (Association, "guid"): "uri"}


def extensions_of(item: Item, uri: str, types: Collection[str]) -> dict[str, Any]:
    """Return the values that ninjs cannot hold, or not completely; never empty.

    `uri` is the value of ninjs' `uri`, `types` are the types that ninjs allows.
    """
    extensions: dict[str, Any] = {"pubstatus_raw": item.pubstatus_raw}
    extensions |= {name: value for name in _LINES if (value := getattr(item, name)) is not None}
    extensions |= {name: list(value) for name in _LISTS if (value := getattr(item, name))}
    extensions |= {name: [_as_dict(one) for one in value] for name in _OBJECT_LISTS if (value := getattr(item, name))}
    extensions |= _concepts(item)
    if uri != item.guid:
        extensions["uri"] = item.guid
    if item.id_origin != "source":
        extensions["id_origin"] = item.id_origin
    if item.type and item.type not in types:
        extensions["type"] = item.type
    if item.urgency is not None:
        extensions["urgency"] = item.urgency
    if notes := [note for note in item.ednotes if note.public]:
        extensions["ednotes"] = [{"value": note.text, **({"role": note.role} if note.role else {})} for note in notes]
    if item.utc_offset:
        extensions["utc_offset"] = item.utc_offset
    if item.series:
        extensions["series"] = _as_dict(item.series)
    if item.extra:
        extensions["extra"] = dict(item.extra)
    return extensions


def _concepts(item: Item) -> dict[str, Any]:
    """Return the lists with a code or scheme in them: ninjs has only URIs, and literals without a scheme."""
    lists: dict[str, Any] = {}
    for field in (*CONCEPTS, "provider"):
        value = getattr(item, field)
        concepts: Iterable[Concept] = (value,) if isinstance(value, Concept) else value or ()
        if any(one.code or one.scheme or (one.rel and field in ("genre", "provider")) for one in concepts):
            lists[field] = [_as_dict(one) for one in concepts]
    return lists


def _as_dict(value: Any) -> dict[str, Any]:
    """Return a dataclass, such as a concept or a link, as a dictionary without empty values."""
    values = {name: one for name in value.__slots__ if (one := getattr(value, name)) not in (None, ())}
    if isinstance(value, Concept) and not value.scheme and value.code:
        values["literal"] = values.pop("code")  # a reader must not split it as a qcode
    return {
        _KEYS.get((type(value), name), name): [_as_dict(inner) for inner in one] if isinstance(one, tuple) else one
        for name, one in values.items()
    }
