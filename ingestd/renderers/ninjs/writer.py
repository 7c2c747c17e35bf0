"""IPTC ninjs 3.1 (https://www.iptc.org/std/ninjs/ninjs-schema_3.1.json).

The schema allows no properties but its own.  What it has no property for goes into one description, of role "ingestd"
and content type application/json, so that nothing is lost on those who read it back.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ingestd.model.item import Association, Concept, Item, Rendition
from ingestd.renderers.ninjs.extensions import CONCEPTS, EXTENSIONS_ROLE, extensions_of
from ingestd.renderers.renderer import Renderer

STANDARD = {"name": "ninjs", "version": "3.1", "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#"}

_TYPES = frozenset(("text", "audio", "video", "picture", "graphic", "composite", "component", "event", "planning"))
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_LINES = {
    "version": "version", "language": "language", "usageterms": "usageTerms", "copyrightholder": "copyrightHolder",
    "copyrightnotice": "copyrightNotice", "title": "title", "byline": "by", "slugline": "slugline",
    "located": "located",
}  # fmt: skip
_MOMENTS = {
    "firstcreated": "firstCreated", "versioncreated": "versionCreated", "embargoed": "embargoedUntil",
    "expires": "expires",
}  # fmt: skip
_URGENCIES = range(1, 10)


def as_ninjs(item: Item) -> dict[str, Any]:
    """Return an item as a ninjs 3.1 object; notes that are not public are left out."""
    uri = _uri(item.guid)
    whole: dict[str, Any] = {"uri": uri, "standard": STANDARD, "pubStatus": item.pubstatus}
    if item.type in _TYPES:
        whole["type"] = item.type
    whole |= {name: getattr(item, field) for field, name in _LINES.items() if getattr(item, field)}
    whole |= {name: _moment(getattr(item, field)) for field, name in _MOMENTS.items() if getattr(item, field)}
    if item.urgency in _URGENCIES:
        whole["urgency"] = item.urgency
    if notes := [note.text for note in item.ednotes if note.public]:
        whole["edNote"] = "\n".join(notes)
    whole |= _texts(item) | _about(item) | _beside(item, uri)
    value = json.dumps(extensions_of(item, uri, _TYPES), ensure_ascii=False)
    own = {"role": EXTENSIONS_ROLE, "contentType": "application/json", "value": value}
    whole["descriptions"] = [*whole.get("descriptions", ()), own]
    return whole


def _about(item: Item) -> dict[str, Any]:
    """Return what the item is about, and who made it."""
    named = {
        name: [_concept(one, genre=field == "genre") for one in getattr(item, field)]
        for field, name in CONCEPTS.items()
    }
    if item.provider:
        named["infoSources"] = [{**_concept(item.provider, genre=True), "role": "provider"}]
        if item.source:
            named["infoSources"].append({"name": item.source, "role": "source"})
    named["altIds"] = [_without_none({"role": one.role, "value": one.value}) for one in item.altids]
    return {name: values for name, values in named.items() if values}


def _beside(item: Item, uri: str) -> dict[str, Any]:
    """Return what goes with the item."""
    named = {
        "renditions": [_rendition(one, number) for number, one in enumerate(item.renditions, 1)],
        "associations": [_association(one, uri, number) for number, one in enumerate(item.associations, 1)],
    }
    return {name: values for name, values in named.items() if values}


def _uri(guid: str) -> str:
    """Return a guid as the URI that ninjs asks for."""
    return guid if _URI.fullmatch(guid) else f"urn:ingestd:{quote(guid, safe='')}"


def _moment(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _texts(item: Item) -> dict[str, Any]:
    headlines = [_without_none({"role": one.role, "value": one.text}) for one in item.headlines]
    if not headlines and item.headline:
        headlines = [{"value": item.headline}]
    bodies = [
        {"role": "main", "contentType": kind, "value": value}
        for kind, value in (("text/html", item.body_html), ("text/plain", item.body_text))
        if value
    ]
    description = item.description_text
    descriptions = [{"role": "summary", "contentType": "text/plain", "value": description}] if description else []
    named = {"headlines": headlines, "bodies": bodies, "descriptions": descriptions}
    return {name: value for name, value in named.items() if value}


def _concept(one: Concept, *, genre: bool = False) -> dict[str, Any]:
    """Return a concept; a code of a scheme that has no URI is a literal, with its scheme in front."""
    literal = f"{one.scheme}:{one.code}" if one.scheme and one.code else one.code
    values = {
        "name": one.name,
        "uri": one.uri,
        "literal": None if one.uri else literal,
        "rel": None if genre else one.rel,
    }
    return _without_none(values)


def _rendition(one: Rendition, number: int) -> dict[str, Any]:
    return _without_none(
        {
            "name": one.name or f"rendition-{number}",
            "href": one.href,
            "contentType": one.contenttype,
            "width": one.width,
            "height": one.height,
            "sizeInBytes": one.sizeinbytes,
            "duration": one.duration,
        }
    )


def _association(one: Association, uri: str, number: int) -> dict[str, Any]:
    """Return an association; name and URI, which ninjs asks for, are numbered where it has none."""
    values: dict[str, Any] = {
        "name": one.name or f"association-{number}",
        "uri": _uri(one.guid) if one.guid else f"{uri}#{number}",
        "version": one.version,
        "type": one.type if one.type in _TYPES else None,
        "rel": one.rel,
        "by": one.byline,
        "usageTerms": one.usageterms,
        "headlines": [{"value": one.headline}] if one.headline else None,
        "descriptions": [{"contentType": "text/plain", "value": one.caption}] if one.caption else None,
        "renditions": [_rendition(rendition, n) for n, rendition in enumerate(one.renditions, 1)] or None,
    }
    return _without_none(values)


def render(item: Item) -> bytes:
    """Return an item as ninjs 3.1, on one line of JSON in UTF-8."""
    return json.dumps(as_ninjs(item), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


RENDERER = Renderer("ninjs", "application/json", render)
