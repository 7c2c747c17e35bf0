"""The parts of a ninjs item: its texts, concepts, renditions and associations."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from ingestd.errors import ParseError
from ingestd.formats.common import fields
from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.item_body import body_of_text
from ingestd.formats.common.item_draft import ItemDraft
from ingestd.formats.ninjs.keys import Folded, Variant, fold, objects_in, scalar_text, variants_of
from ingestd.formats.nitf.reader import read_nitf
from ingestd.model.item import Association, Concept, Headline, Rendition
from ingestd.text import clean

_CONCEPTS = {
    "subject": "subject", "object": "subject", "genre": "genre", "place": "place", "person": "person",
    "organisation": "organisation", "event": "event",
}  # fmt: skip
_NITF = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<nitf\b", re.IGNORECASE)
#: Literals that are IPTC's codes all the same.
_IPTC_LITERAL = re.compile(r"(?:medtop|subj):\d{8}")
#: Roles of a description that are something else (AP's in ninjs 2).
_NO_DESCRIPTIONS = {"creditline": "creditline"}


def fill_texts(draft: ItemDraft, item: Mapping[str, Any]) -> None:
    """Set headlines, description and body, each out of its variants."""
    texts = variants_of(item)
    for one in texts.headline:
        if text := fields.line_of(one.value, markup=_is_markup(one)):
            draft.add("headlines", Headline(text=text, role=fields.line_of(one.role)))
    headlines = draft.lists.get("headlines", ())
    main = next((one for one in headlines if one.role == "main"), headlines[0] if headlines else None)
    if main:
        draft.fill("headline", main.text)
    for one in sorted(texts.description, key=_is_markup):
        field = _NO_DESCRIPTIONS.get(one.role, "description_text")
        draft.fill(field, fields.description_of(one.value, markup=_is_markup(one)))
    _put_body(draft, texts.body)


def _is_markup(one: Variant) -> bool:
    return "html" in one.contenttype or (not one.contenttype and "<" in one.value and "</" in one.value)


def _put_body(draft: ItemDraft, bodies: list[Variant]) -> None:
    """Set the body: HTML as sent before plain text, which stays beside it where it is the same text."""
    marked = next((one for one in bodies if _is_markup(one)), None)
    plain = next((one for one in bodies if not _is_markup(one)), None)
    inner = next((one for one in bodies if "nitf" in one.contenttype or _NITF.match(one.value)), None)
    if inner and _put_nitf(draft, inner.value):
        return
    if marked is None or "<" not in marked.value:
        draft.fill_body(*body_of_text(unescape(marked.value) if marked else plain.value if plain else ""))
        return
    text = clean(plain.value).strip() if plain and _same(plain, marked) else None
    draft.fill_body(clean(marked.value).strip(), text or None)


def _put_nitf(draft: ItemDraft, text: str) -> bool:
    """Set the body out of a NITF document in the body's place; say whether it had one."""
    try:
        root, _ = xml.root_element(text.encode("utf-8", "replace"), "NITF document")
    except ParseError:
        return False
    nitf = ItemDraft()
    read_nitf(nitf, root)
    draft.fill_body(nitf.values.get("body_html"), nitf.values.get("body_text"))
    return "body_html" in draft.values


def _same(plain: Variant, marked: Variant) -> bool:
    """Say whether two bodies are one text in two forms: of one role, or of much the same length."""
    return bool(plain.role and plain.role == marked.role) or len(plain.value) * 2 > len(marked.value)


def add_concepts(draft: ItemDraft, given: Folded) -> None:
    """Add what the item is about, and set its provider."""
    for name, field in _CONCEPTS.items():
        if name in given:
            for _, one in objects_in(given[name]):
                draft.add(field, _concept(one))
    for name in ("provider", "infosource"):
        if name in given:
            for _, one in objects_in(given[name]):
                draft.fill("provider", _concept(one))
                if name == "infosource" and one.get("role") != "provider":
                    draft.fill_line("source", scalar_text(one.get("name")))


def _concept(one: Mapping[str, Any]) -> Concept | None:
    """Return a concept; `literal` is a code of no scheme (ninjs 2.0), `qcode` one of the scheme it names."""
    code = fields.line_of(scalar_text(one.get("code") or one.get("qcode")))
    rel = one.get("rel") or one.get("rels")
    literal = None if code else fields.line_of(scalar_text(one.get("literal")))
    if literal and ":" in literal and not _IPTC_LITERAL.fullmatch(literal):
        uri = fields.line_of(scalar_text(one.get("uri")))
        return Concept(code=literal, uri=uri, name=fields.line_of(scalar_text(one.get("name"))), rel=_rel(rel))
    return concept_of(
        code or literal,
        scheme=fields.line_of(scalar_text(one.get("scheme"))),
        uri=fields.line_of(scalar_text(one.get("uri"))),
        name=fields.line_of(scalar_text(one.get("name"))),
        rel=_rel(rel),
    )


def _rel(value: Any) -> str | None:
    return fields.line_of(scalar_text(value[0] if isinstance(value, list) and value else value))


def renditions_in(given: Folded) -> tuple[Rendition, ...]:
    """Return the renditions of an item or association: an object by name (1.x), or a list (2.x, 3.x)."""
    if "renditions" not in given:
        return ()
    found = []
    for name, one in objects_in(given["renditions"]):
        said = fold(one)
        if href := fields.line_of(scalar_text(said.get("href"))):
            found.append(
                Rendition(
                    href=href,
                    name=fields.line_of(name or scalar_text(said.get("name"))),
                    contenttype=fields.line_of(scalar_text(said.get("contenttype") or said.get("mimetype"))),
                    width=fields.number_of(scalar_text(said.get("width"))),
                    height=fields.number_of(scalar_text(said.get("height"))),
                    sizeinbytes=fields.number_of(scalar_text(said.get("sizeinbytes"))),
                    duration=_seconds(said.get("duration")),
                )
            )
    return tuple(found[: fields.MAX_NAMES])


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e9 else None


def add_renditions(draft: ItemDraft, given: Folded) -> None:
    """Add the renditions of the item itself."""
    for one in renditions_in(given):
        draft.add("renditions", one)


def add_associations(draft: ItemDraft, given: Folded) -> None:
    """Add what goes with the item: an object by name (1.x), or a list (2.x, 3.x)."""
    if "associations" not in given:
        return
    for name, one in objects_in(given["associations"]):
        said = fold(one)
        _, headlines, captions = variants_of(one)
        captions.sort(key=_is_markup)
        ids = said.get("altids")
        itemid = (
            scalar_text(ids.get("itemid")) if isinstance(ids, dict) else None
        )  # AP's: its URI has the version in it
        association = Association(
            name=fields.line_of(name or scalar_text(said.get("name") or said.get("id"))),
            guid=fields.line_of(itemid or scalar_text(said.get("uri") or said.get("guid"))),
            version=fields.line_of(scalar_text(said.get("version"))),
            type=fields.line_of(scalar_text(said.get("type"))),
            rel=fields.line_of(scalar_text(said.get("rel"))),
            headline=fields.line_of(headlines[0].value) if headlines else None,
            caption=fields.description_of(captions[0].value, markup=_is_markup(captions[0])) if captions else None,
            byline=fields.line_of(scalar_text(said.get("byline"))),
            creditline=fields.line_of(scalar_text(said.get("creditline"))),
            usageterms=fields.line_of(scalar_text(said.get("usageterms"))),
            renditions=renditions_in(said),
        )
        if association != Association(name=association.name):
            draft.add("associations", association)
