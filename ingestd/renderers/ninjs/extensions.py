"""What ninjs 3.1 has no property for, as our reader of ninjs reads it back."""

from collections.abc import Collection, Iterable
from typing import Any

from ingestd.model.item import Association, Concept, Item

#: Role of the description it is in.
EXTENSIONS_ROLE = "ingestd"
#: Field of an item → property of ninjs.
CONCEPTS = {
    "subject": "subjects", "place": "places", "person": "people", "organisation": "organisations", "event": "events",
    "genre": "genres",
}  # fmt: skip
_LINES = ("dateline", "creditline", "source", "priority")
_LISTS = ("keywords", "signals")
_PARTS = ("authors", "links", "renditions", "associations")
#: What a part is called where ninjs reads it.
_NAMES = {(Association, "caption"): "description_text", (Association, "guid"): "uri"}


def extensions_of(item: Item, uri: str, types: Collection[str]) -> dict[str, Any]:
    """Return what ninjs has no property for, or not the whole of; never empty.

    `uri` is what ninjs has for the guid, `types` are those it knows.
    """
    own: dict[str, Any] = {"pubstatus_raw": item.pubstatus_raw}
    own |= {name: value for name in _LINES if (value := getattr(item, name)) is not None}
    own |= {name: list(value) for name in _LISTS if (value := getattr(item, name))}
    own |= {name: [_plain(one) for one in value] for name in _PARTS if (value := getattr(item, name))}
    own |= _concepts(item)
    if uri != item.guid:
        own["uri"] = item.guid
    if item.id_origin != "source":
        own["id_origin"] = item.id_origin
    if item.type and item.type not in types:
        own["type"] = item.type
    if item.urgency is not None:
        own["urgency"] = item.urgency
    if notes := [note for note in item.ednotes if note.public]:
        own["ednotes"] = [{"value": note.text, **({"role": note.role} if note.role else {})} for note in notes]
    if item.series:
        own["series"] = _plain(item.series)
    if item.extra:
        own["extra"] = dict(item.extra)
    return own


def _concepts(item: Item) -> dict[str, Any]:
    """Return the concepts that have a code or scheme: ninjs has only URIs, and literals of no scheme."""
    found: dict[str, Any] = {}
    for field in (*CONCEPTS, "provider"):
        value = getattr(item, field)
        concepts: Iterable[Concept] = (value,) if isinstance(value, Concept) else value or ()
        if any(one.code or one.scheme or (one.rel and field in ("genre", "provider")) for one in concepts):
            found[field] = [_plain(one) for one in concepts]
    return found


def _plain(value: Any) -> dict[str, Any]:
    """Return a part of an item in plain values."""
    named = {name: one for name in value.__slots__ if (one := getattr(value, name)) not in (None, ())}
    if isinstance(value, Concept) and not value.scheme and value.code:
        named["literal"] = named.pop("code")  # so that nobody looks for a scheme in it
    return {
        _NAMES.get((type(value), name), name): [_plain(part) for part in one] if isinstance(one, tuple) else one
        for name, one in named.items()
    }
