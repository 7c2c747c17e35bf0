"""Reader of IPTC ninjs 1.x, 2.x and 3.x, of Superdesk's dialect, and of lists of items in the envelopes of APIs.

Schemas: https://www.iptc.org/std/ninjs/ (ninjs-schema_1.6, _2.2, _3.1); https://docs.superdesk.org/ninjs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ingestd.formats.common import fields
from ingestd.formats.common.cursors import cursor_of
from ingestd.formats.common.document import Document
from ingestd.formats.common.format import Format
from ingestd.formats.common.item_draft import ItemDraft, byline_of
from ingestd.formats.common.wire_feed import feed_of, read_entries
from ingestd.formats.ninjs.content import add_associations, add_concepts, add_renditions, fill_texts
from ingestd.formats.ninjs.keys import Folded, embargo_in, extensions_in, fold, objects_in, scalar_text
from ingestd.model.feed import Feed
from ingestd.model.item import AltId, Author, Link, Series

#: An object with one of the identifiers and one of the other keys is an item.
_ID_KEYS = frozenset(("uri", "guid"))
_ITEM_KEYS = frozenset(
    (
        "versioncreated", "versionCreated", "pubstatus", "pubStatus", "headline", "headlines", "body_html", "body_text",
        "body_xhtml", "bodies", "representationtype", "representationType", "renditions", "associations",
        "descriptions", "description_text", "eventDetails", "firstcreated", "firstCreated", "standard", "usageterms",
        "usageTerms", "embargoedUntil",
    )
)  # fmt: skip
#: No zone is further from UTC, in minutes.
_MAX_OFFSET = 18 * 60
#: Maximum number of levels of objects around a list of items.
_MAX_DEPTH = 4

#: Folded key → field with one line of text.
_LINES = {
    "version": "version", "slugline": "slugline", "title": "title", "source": "source", "creditline": "creditline",
    "copyrightholder": "copyrightholder", "copyrightnotice": "copyrightnotice", "type": "type", "dateline": "dateline",
}  # fmt: skip
_TIMES = ("versioncreated", "firstcreated", "expires")
_PRECISIONS = ("versioncreated_precision", "firstcreated_precision")
_EXTRA = ("profile", "mimetype", "representationtype", "service", "textformat", "editorialrole")


def _is_item(value: Any) -> bool:
    return isinstance(value, dict) and not _ID_KEYS.isdisjoint(value) and not _ITEM_KEYS.isdisjoint(value)


def _items(value: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the items of a document: itself, those of a list, or those of the first nested value that has any."""
    if _is_item(value):
        yield value
    elif isinstance(value, list):
        yield from (one for one in value if _is_item(one))
    elif isinstance(value, dict) and depth < _MAX_DEPTH:
        for one in value.values():
            if isinstance(one, dict | list):
                found = False
                for item in _items(one, depth + 1):
                    found = True
                    yield item
                if found:
                    return


def recognises(document: Document) -> bool:
    """Return whether the JSON contains an item, or is an empty list with a cursor (the last page of an API)."""
    if document.json is None:
        return False
    if next(_items(document.json), None) is not None:
        return True
    members = document.members
    return any(value == [] for value in members.values()) and cursor_of(members, "http://localhost/") is not None


def parse(document: Document, url: str, _content_type: str | None = None) -> Feed:
    """Parse an item, or a list of items in the same order; the envelope of a list may give a cursor."""
    entries, read_warnings = read_entries("ninjs", _items(document.json), read_ninjs)
    cursor = None if _is_item(document.json) else cursor_of(document.members, url)
    return feed_of("ninjs", entries, document.warnings + read_warnings, cursor=cursor)


def read_ninjs(draft: ItemDraft, item: Mapping[str, Any]) -> None:
    """Read an item into a draft; fields that are already set stay."""
    extensions = extensions_in(item)
    given = {**fold(item), **fold(extensions)} if extensions else fold(item)
    if extensions:
        _read_extensions(draft, extensions)
    _fill_guid(draft, given)
    for name, field in _LINES.items():
        if name in given:
            draft.fill_line(field, scalar_text(given[name]))
    for name in _TIMES:
        if name in given:
            draft.fill_time(name, scalar_text(given[name]))
    if (embargoed := embargo_in(item)) is not None:
        draft.fill_embargo(embargoed)
    fill_texts(draft, item)
    if not extensions:
        draft.fill_line("pubstatus_raw", scalar_text(given.get("pubstatus")))
    draft.fill_number("urgency", scalar_text(given.get("urgency")))
    draft.fill_number("priority", scalar_text(given.get("priority")))
    draft.fill("language", fields.language_of(scalar_text(given.get("language"))))
    _read_authors(draft, given)
    for _, one in objects_in(given.get("located")):
        draft.fill_line("located", scalar_text(one.get("name")))
    add_concepts(draft, given)
    add_renditions(draft, given)
    add_associations(draft, given)
    _read_keywords_and_notes(draft, given)
    _read_links(draft, given)
    for name in _EXTRA:
        draft.add_extra(name, ", ".join(_texts(given.get(name))))


def _read_extensions(draft: ItemDraft, extensions: Mapping[str, Any]) -> None:
    """Read the members that only our own ninjs renderer writes."""
    origin = extensions.get("id_origin")
    if origin in ("composed", "derived", "hash"):
        draft.fill("id_origin", origin)
    draft.fill_line("pubstatus_raw", scalar_text(extensions.get("pubstatus_raw")))
    if type(offset := extensions.get("utc_offset")) is int and 0 < abs(offset) <= _MAX_OFFSET:
        draft.fill("utc_offset", offset)
    for name in _PRECISIONS:
        if (precision := extensions.get(name)) in ("day", "assumed_zone"):
            draft.fill(name, precision)
    if isinstance(series := extensions.get("series"), dict):
        part, total = (fields.number_of(scalar_text(series.get(name))) for name in ("part", "total"))
        draft.fill("series", Series(name=fields.line_of(scalar_text(series.get("name"))), part=part, total=total))
    if isinstance(extra := extensions.get("extra"), dict):
        for name, value in extra.items():
            draft.add_extra(name, scalar_text(value))


def _fill_guid(draft: ItemDraft, given: Folded) -> None:
    """Fill the guid with `uri`, which ninjs requires, or Superdesk's `guid`; with both, `guid` becomes an altid."""
    for name in ("uri", "guid"):
        if value := fields.line_of(scalar_text(given.get(name))):
            if draft.values.get("guid") is None:
                draft.fill("guid", value)
            elif draft.values["guid"] != value:
                draft.add("altids", AltId(value=value, role=name))
    ids = given.get("altids")
    if isinstance(ids, dict):
        ids = [{"role": role, "value": value} for role, value in ids.items()]
    for one in ids if isinstance(ids, list) else ():
        if isinstance(one, dict) and (value := fields.line_of(scalar_text(one.get("value")))):
            draft.add("altids", AltId(value=value, role=fields.line_of(scalar_text(one.get("role")))))


def _read_authors(draft: ItemDraft, given: Folded) -> None:
    draft.fill("byline", byline_of(scalar_text(given.get("byline"))))
    for _, one in objects_in(given.get("authors")):
        if name := fields.line_of(scalar_text(one.get("name")) or scalar_text(one.get("by"))):
            role = fields.line_of(scalar_text(one.get("role")))
            draft.add("authors", Author(name=name, role=role, uri=fields.line_of(scalar_text(one.get("uri")))))


def _read_keywords_and_notes(draft: ItemDraft, given: Folded) -> None:
    """Read keywords, signals, usage terms and notes to editors."""
    words = given.get("keywords")
    for word in words.split(",") if isinstance(words, str) else _texts(words):
        draft.add("keywords", fields.line_of(word))
    for signal in _texts(given.get("signals")):
        draft.add("signals", fields.line_of(signal))
    draft.fill_line("usageterms", " ".join(_texts(given.get("usageterms"))))
    for _, note in objects_in(given.get("ednote")):
        draft.add_note(
            scalar_text(note.get("name")) or scalar_text(note.get("value")), role=scalar_text(note.get("role"))
        )


def _read_links(draft: ItemDraft, given: Folded) -> None:
    for name in ("links", "link"):
        for _, one in objects_in(given.get(name)):
            names = ("guid", "href", "version", "rel", "title")
            values = {name: fields.line_of(scalar_text(one.get(name))) for name in names}
            if values["guid"] or values["href"]:
                draft.add("links", Link(**values))
    for name in ("evolvedfrom", "replacing", "predecessors"):
        for guid in _texts(given.get(name)):
            draft.add("links", Link(guid=fields.line_of(guid), rel=name))


def _texts(value: Any) -> list[str]:
    """Return the texts in a list or a single value; of an object its name, value or code."""
    if value is None:
        return []
    listed = value if isinstance(value, list) else [value]
    plain = (one.get("name") or one.get("value") or one.get("code") if isinstance(one, dict) else one for one in listed)
    return [text for text in map(scalar_text, plain) if text]


FORMAT = Format("ninjs", recognises, parse)
