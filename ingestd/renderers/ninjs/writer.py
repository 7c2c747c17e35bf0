"""Write items as IPTC ninjs 3.1 (https://www.iptc.org/std/ninjs/ninjs-schema_3.1.json).

The schema forbids further properties.  Values it has no property for are written as JSON into one description with
role "ingestd" and content type application/json, so that `formats.ninjs` reads the whole item back.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ingestd.model.item import Association, Concept, Item, Rendition
from ingestd.renderers.identifiers import uri_of
from ingestd.renderers.ninjs.extensions import CONCEPTS, EXTENSIONS_ROLE, extensions_of
from ingestd.renderers.renderer import Renderer

STANDARD = {"name": "ninjs", "version": "3.1", "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#"}

_TYPES = frozenset(("text", "audio", "video", "picture", "graphic", "composite", "component", "event", "planning"))
#: Field of an item → property of ninjs.
_LINES = {
    "version": "version", "language": "language", "usageterms": "usageTerms", "copyrightholder": "copyrightHolder",
    "copyrightnotice": "copyrightNotice", "title": "title", "byline": "by", "slugline": "slugline",
    "located": "located",
}  # fmt: skip
_TIMES = {
    "firstcreated": "firstCreated", "versioncreated": "versionCreated", "embargoed": "embargoedUntil",
    "expires": "expires",
}  # fmt: skip
_URGENCIES = range(1, 10)


def as_ninjs(item: Item) -> dict[str, Any]:
    """Return an item as a ninjs 3.1 object; notes that are not public are left out."""
    uri = uri_of(item.guid)
    ninjs: dict[str, Any] = {"uri": uri, "standard": STANDARD, "pubStatus": item.pubstatus}
    if item.type in _TYPES:
        ninjs["type"] = item.type
    ninjs |= {name: getattr(item, field) for field, name in _LINES.items() if getattr(item, field)}
    ninjs |= {name: _iso(getattr(item, field)) for field, name in _TIMES.items() if getattr(item, field)}
    if item.urgency in _URGENCIES:
        ninjs["urgency"] = item.urgency
    if notes := [note.text for note in item.ednotes if note.public]:
        ninjs["edNote"] = "\n".join(notes)
    ninjs |= _texts(item) | _concepts_and_ids(item) | _media(item, uri)
    value = json.dumps(extensions_of(item, uri, _TYPES), ensure_ascii=False)
    extensions = {"role": EXTENSIONS_ROLE, "contentType": "application/json", "value": value}
    ninjs["descriptions"] = [*ninjs.get("descriptions", ()), extensions]
    return ninjs


def _concepts_and_ids(item: Item) -> dict[str, Any]:
    """Return the properties for concepts, sources and alternative identifiers; empty ones are left out."""
    properties = {
        name: [_concept(one, with_rel=field != "genre") for one in getattr(item, field)]
        for field, name in CONCEPTS.items()
    }
    if item.provider:
        properties["infoSources"] = [{**_concept(item.provider, with_rel=False), "role": "provider"}]
        if item.source:
            properties["infoSources"].append({"name": item.source, "role": "source"})
    properties["altIds"] = [_without_none({"role": one.role, "value": one.value}) for one in item.altids]
    return {name: values for name, values in properties.items() if values}


def _media(item: Item, uri: str) -> dict[str, Any]:
    """Return the properties for renditions and associations; empty ones are left out."""
    properties = {
        "renditions": [_rendition(one, number) for number, one in enumerate(item.renditions, 1)],
        "associations": [_association(one, uri, number) for number, one in enumerate(item.associations, 1)],
    }
    return {name: values for name, values in properties.items() if values}


def _iso(when: datetime) -> str:
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
    properties = {"headlines": headlines, "bodies": bodies, "descriptions": descriptions}
    return {name: value for name, value in properties.items() if value}


def _concept(one: Concept, *, with_rel: bool) -> dict[str, Any]:
    """Return a concept; a code without a URI is a literal with its scheme as prefix.

    `with_rel` is False where the schema has no `rel`: in genres and infoSources.
    """
    literal = f"{one.scheme}:{one.code}" if one.scheme and one.code else one.code
    values = {
        "name": one.name,
        "uri": one.uri,
        "literal": None if one.uri else literal,
        "rel": one.rel if with_rel else None,
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
    """Return an association; a missing name or URI, which ninjs requires, is made from its number."""
    values: dict[str, Any] = {
        "name": one.name or f"association-{number}",
        "uri": uri_of(one.guid) if one.guid else f"{uri}#{number}",
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
