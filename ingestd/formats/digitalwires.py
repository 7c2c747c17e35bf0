"""dpa digitalwires JSON 0.9 and 1.x (https://github.com/dpa-newslab, digitalwires model)."""

from collections.abc import Iterator, Mapping
from typing import Any

from ingestd.formats.common import fields
from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.cursors import cursor_of
from ingestd.formats.common.document import Document, JsonObject, list_member, text_member
from ingestd.formats.common.format import Format
from ingestd.formats.common.item_draft import ItemDraft, byline_of
from ingestd.formats.common.wire_feed import feed_of, read_entries
from ingestd.formats.ninjs.keys import embargo_in, scalar_text
from ingestd.model.feed import Feed
from ingestd.model.item import AltId, Association, Author, Concept, Headline, Rendition
from ingestd.text import clean

_LINES = {
    "version": "version", "headline": "headline", "dateline": "dateline", "creditline": "creditline",
    "copyrightnotice": "copyrightnotice", "usageterms": "usageterms", "pubstatus": "pubstatus_raw",
}  # fmt: skip
#: Type of a category → list of the item.  A category with a code of any other type, or a genre, is also a subject.
_LISTS = {"genre": "genre", "geosubject": "place", "poi": "place", "person": "person", "organisation": "organisation"}
_EXTRA = ("kicker", "subhead", "entry_id", "updated", "autopublishnotice")


def _entries(document: Document) -> Iterator[JsonObject]:
    """Yield the entries: the document itself, the members of a list, or those of the API's `entries`."""
    listed = document.json if isinstance(document.json, list) else document.members.get("entries", [document.members])
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and "urn" in one and ("article_html" in one or "version_created" in one):
            yield one


def recognises(document: Document) -> bool:
    """Return whether the JSON has an entry with a `urn` and either `article_html` or `version_created`."""
    return next(_entries(document), None) is not None


def parse(document: Document, url: str, _content_type: str | None = None) -> Feed:
    """Parse an entry, or a list of entries in the same order."""
    entries, read_warnings = read_entries("digitalwires", _entries(document), _read_entry)
    cursor = cursor_of(document.members, url)
    return feed_of("digitalwires", entries, document.warnings + read_warnings, cursor=cursor)


def _read_entry(draft: ItemDraft, entry: Mapping[str, Any]) -> None:
    draft.fill_line("guid", text_member(entry, "urn"))
    for name, field in _LINES.items():
        draft.fill_line(field, scalar_text(entry.get(name)))
    draft.fill_time("versioncreated", text_member(entry, "version_created"))
    draft.fill_time("firstcreated", text_member(entry, "content_created"))
    if (embargoed := embargo_in(entry)) is not None:
        draft.fill_embargo(embargoed)
    draft.fill_number("urgency", scalar_text(entry.get("urgency")))
    draft.fill("language", fields.language_of(text_member(entry, "language")))
    draft.fill("byline", byline_of(text_member(entry, "byline")))
    draft.add("signals", fields.line_of(text_member(entry, "signal")))
    draft.fill("description_text", fields.description_of(text_member(entry, "teaser")))
    for role in ("headline", "kicker", "subhead"):
        if text := fields.line_of(text_member(entry, role)):
            draft.add("headlines", Headline(text=text, role=None if role == "headline" else role))
    if html := text_member(entry, "article_html"):
        draft.fill_body(clean(html).strip(), None)
    for one in _objects(entry, "ednotes"):
        public = one.get("is_publishable") is not False
        draft.add_note(scalar_text(one.get("ednote")), role=scalar_text(one.get("role")), public=public)
    for one in _objects(entry, "categories"):
        _read_category(draft, one)
    for one in _objects(entry, "associations"):
        draft.add("associations", _association(one))
    for name in _EXTRA:
        draft.add_extra(name, scalar_text(entry.get(name)))


def _objects(entry: JsonObject, name: str) -> list[JsonObject]:
    return [one for one in list_member(entry, name) if isinstance(one, dict)]


def _read_category(draft: ItemDraft, category: JsonObject) -> None:
    """Read a category: subjects, desks, wires and providers are in one list, distinguished by `type`."""
    kind = (scalar_text(category.get("type")) or "").rpartition(":")[2]
    code, name = fields.line_of(scalar_text(category.get("qcode"))), fields.line_of(scalar_text(category.get("name")))
    concept: Concept | None = concept_of(code, name=name, rel=fields.line_of(kind))
    if kind in _LISTS:
        draft.add(_LISTS[kind], concept)
    elif kind == "keyword":
        draft.add("keywords", name)
    elif kind == "provider":
        draft.fill("provider", concept)
    elif kind == "creator" and name:
        draft.add("authors", Author(name=name, role=fields.line_of(scalar_text(category.get("role")))))
    if code and _LISTS.get(kind) in (None, "genre"):
        draft.add("subject", concept)
    if kind == "altid" and name:
        draft.add("altids", AltId(value=name))


def _association(one: JsonObject) -> Association:
    renditions = [
        Rendition(
            href=href,
            contenttype=fields.line_of(scalar_text(found.get("mimetype"))),
            width=fields.number_of(scalar_text(found.get("width"))),
            height=fields.number_of(scalar_text(found.get("height"))),
        )
        for found in _objects(one, "renditions")
        if (href := fields.line_of(scalar_text(found.get("url"))))
    ]
    kind = fields.line_of(scalar_text(one.get("type")))
    return Association(
        name="featureimage" if one.get("is_featureimage") is True else None,
        guid=fields.line_of(scalar_text(one.get("urn"))),
        version=fields.line_of(scalar_text(one.get("version"))),
        type="picture" if kind == "image" else kind,
        headline=fields.line_of(scalar_text(one.get("headline"))),
        caption=fields.description_of(scalar_text(one.get("caption"))),
        creditline=fields.line_of(scalar_text(one.get("creditline"))),
        renditions=tuple(renditions[: fields.MAX_NAMES]),
    )


FORMAT = Format("digitalwires", recognises, parse)
