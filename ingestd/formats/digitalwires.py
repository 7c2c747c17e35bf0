"""dpa digitalwires JSON 0.9 and 1.x (https://github.com/dpa-newslab, digitalwires model)."""

from collections.abc import Iterator, Mapping
from typing import Any

from ingestd.formats.common import fields
from ingestd.formats.common.cursors import cursor_of
from ingestd.formats.common.document import Document, Object, list_in, text_in
from ingestd.formats.common.item_draft import Draft, byline_of
from ingestd.formats.common.schemes import concept_of
from ingestd.formats.common.wire_feed import feed_of, read_all
from ingestd.formats.format import Format
from ingestd.formats.ninjs.keys import embargo_in, text_of
from ingestd.model.feed import Feed
from ingestd.model.item import AltId, Association, Author, Concept, Headline, Rendition
from ingestd.text import clean

_LINES = {
    "version": "version", "headline": "headline", "dateline": "dateline", "creditline": "creditline",
    "copyrightnotice": "copyrightnotice", "usageterms": "usageterms", "pubstatus": "pubstatus_raw",
}  # fmt: skip
#: Type of a category → list, of those that are more than a subject; all with a code are kept as subjects, too.
_LISTS = {"genre": "genre", "geosubject": "place", "poi": "place", "person": "person", "organisation": "organisation"}
_EXTRA = ("kicker", "subhead", "entry_id", "updated", "autopublishnotice")


def _entries(document: Document) -> Iterator[Object]:
    """Return the entries: the document itself, those of a list, or of the API's `entries`."""
    found = document.json if isinstance(document.json, list) else document.keys.get("entries", [document.keys])
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and "urn" in one and ("article_html" in one or "version_created" in one):
            yield one


def recognises(document: Document) -> bool:
    """Say whether it is JSON with an entry of digitalwires: a `urn`, and an article or its version's time."""
    return next(_entries(document), None) is not None


def parse(document: Document, url: str, _content_type: str | None = None) -> Feed:
    """Read digitalwires, an entry or a list of them, as a feed in the same order."""
    entries, lost = read_all("digitalwires", _entries(document), _read)
    return feed_of("digitalwires", entries, document.warnings + lost, cursor=cursor_of(document.keys, url))


def _read(draft: Draft, entry: Mapping[str, Any]) -> None:
    draft.line("guid", text_in(entry, "urn"))
    for name, field in _LINES.items():
        draft.line(field, text_of(entry.get(name)))
    draft.moment("versioncreated", text_in(entry, "version_created"))
    draft.moment("firstcreated", text_in(entry, "content_created"))
    if (embargoed := embargo_in(entry)) is not None:
        draft.embargo(embargoed)
    draft.number("urgency", text_of(entry.get("urgency")))
    draft.put("language", fields.language_of(text_in(entry, "language")))
    draft.put("byline", byline_of(text_in(entry, "byline")))
    draft.add("signals", fields.line_of(text_in(entry, "signal")))
    draft.put("description_text", fields.description_of(text_in(entry, "teaser")))
    for role in ("headline", "kicker", "subhead"):
        if text := fields.line_of(text_in(entry, role)):
            draft.add("headlines", Headline(text=text, role=None if role == "headline" else role))
    if html := text_in(entry, "article_html"):
        draft.body(clean(html).strip(), None)
    for one in _objects(entry, "ednotes"):
        public = one.get("is_publishable") is not False
        draft.note(text_of(one.get("ednote")), role=text_of(one.get("role")), public=public)
    for one in _objects(entry, "categories"):
        _read_category(draft, one)
    for one in _objects(entry, "associations"):
        draft.add("associations", _association(one))
    for name in _EXTRA:
        draft.beside(name, text_of(entry.get(name)))


def _objects(entry: Object, name: str) -> list[Object]:
    return [one for one in list_in(entry, name) if isinstance(one, dict)]


def _read_category(draft: Draft, category: Object) -> None:
    """Read one of all the codes an entry has, be it subject, desk, wire or provider: `type` says what it is."""
    kind = (text_of(category.get("type")) or "").rpartition(":")[2]
    code, name = fields.line_of(text_of(category.get("qcode"))), fields.line_of(text_of(category.get("name")))
    concept: Concept | None = concept_of(code, name=name, rel=fields.line_of(kind))
    if kind in _LISTS:
        draft.add(_LISTS[kind], concept)
    elif kind == "keyword":
        draft.add("keywords", name)
    elif kind == "provider":
        draft.put("provider", concept)
    elif kind == "creator" and name:
        draft.add("authors", Author(name=name, role=fields.line_of(text_of(category.get("role")))))
    if code and _LISTS.get(kind) in (None, "genre"):
        draft.add("subject", concept)
    if kind == "altid" and name:
        draft.add("altids", AltId(value=name))


def _association(one: Object) -> Association:
    renditions = [
        Rendition(
            href=href,
            contenttype=fields.line_of(text_of(found.get("mimetype"))),
            width=fields.number_of(text_of(found.get("width"))),
            height=fields.number_of(text_of(found.get("height"))),
        )
        for found in _objects(one, "renditions")
        if (href := fields.line_of(text_of(found.get("url"))))
    ]
    kind = fields.line_of(text_of(one.get("type")))
    return Association(
        name="featureimage" if one.get("is_featureimage") is True else None,
        guid=fields.line_of(text_of(one.get("urn"))),
        version=fields.line_of(text_of(one.get("version"))),
        type="picture" if kind == "image" else kind,
        headline=fields.line_of(text_of(one.get("headline"))),
        caption=fields.description_of(text_of(one.get("caption"))),
        creditline=fields.line_of(text_of(one.get("creditline"))),
        renditions=tuple(renditions[: fields.MAX_NAMES]),
    )


FORMAT = Format("digitalwires", recognises, parse)
