"""Read the texts, concepts, renditions and associations of a ninjs item."""

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

#: Folded key → list of the item.
_CONCEPT_LISTS = {
    "subject": "subject", "object": "subject", "genre": "genre", "place": "place", "person": "person",
    "organisation": "organisation", "event": "event",
}  # fmt: skip
_NITF = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<nitf\b", re.IGNORECASE)
#: Literals that are qcodes of IPTC.
_IPTC_LITERAL = re.compile(r"(?:medtop|subj):\d{8}")
#: Role of a description → another field of the item (AP's ninjs 2).
_FIELD_OF_ROLE = {"creditline": "creditline"}


def fill_texts(draft: ItemDraft, item: Mapping[str, Any]) -> None:
    """Fill headlines, description and body; ninjs may give each in several variants."""
    texts = variants_of(item)
    for one in texts.headline:
        if text := fields.line_of(one.value, markup=_is_markup(one)):
            draft.add("headlines", Headline(text=text, role=fields.line_of(one.role)))
    headlines = draft.lists.get("headlines", ())
    main = next((one for one in headlines if one.role == "main"), headlines[0] if headlines else None)
    if main:
        draft.fill("headline", main.text)
    for one in sorted(texts.description, key=_is_markup):
        field = _FIELD_OF_ROLE.get(one.role, "description_text")
        draft.fill(field, fields.description_of(one.value, markup=_is_markup(one)))
    _fill_body(draft, texts.body)


def _is_markup(one: Variant) -> bool:
    return "html" in one.contenttype or (not one.contenttype and "<" in one.value and "</" in one.value)


def _fill_body(draft: ItemDraft, bodies: list[Variant]) -> None:
    """Fill the body: NITF if there is any, else HTML as sent, else plain text.

    Plain text is kept beside HTML if both are the same text.
    """
    markup = next((one for one in bodies if _is_markup(one)), None)
    plain = next((one for one in bodies if not _is_markup(one)), None)
    nitf = next((one for one in bodies if "nitf" in one.contenttype or _NITF.match(one.value)), None)
    if nitf and _fill_body_from_nitf(draft, nitf.value):
        return
    if markup is None or "<" not in markup.value:
        draft.fill_body(*body_of_text(unescape(markup.value) if markup else plain.value if plain else ""))
        return
    text = clean(plain.value).strip() if plain and _is_same_text(plain, markup) else None
    draft.fill_body(clean(markup.value).strip(), text or None)


def _fill_body_from_nitf(draft: ItemDraft, text: str) -> bool:
    """Fill the body from a NITF document; return whether the draft has a body then."""
    try:
        root, _ = xml.root_element(text.encode("utf-8", "replace"), "NITF document")
    except ParseError:
        return False
    nitf = ItemDraft()
    read_nitf(nitf, root)
    draft.fill_body(nitf.values.get("body_html"), nitf.values.get("body_text"))
    return "body_html" in draft.values


def _is_same_text(plain: Variant, markup: Variant) -> bool:
    """Return whether two bodies are one text in two forms: they share a role, or have a similar length."""
    return bool(plain.role and plain.role == markup.role) or len(plain.value) * 2 > len(markup.value)


def add_concepts(draft: ItemDraft, given: Folded) -> None:
    """Add subjects and other concepts, and fill provider and source."""
    for name, field in _CONCEPT_LISTS.items():
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
    """Return a concept; `literal` is a code without a scheme (ninjs 2.0), `qcode` a code with its scheme."""
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
    """Return the renditions of an item or association: objects by name (1.x), or a list (2.x, 3.x)."""
    if "renditions" not in given:
        return ()
    renditions = []
    for name, one in objects_in(given["renditions"]):
        values = fold(one)
        if href := fields.line_of(scalar_text(values.get("href"))):
            renditions.append(
                Rendition(
                    href=href,
                    name=fields.line_of(name or scalar_text(values.get("name"))),
                    contenttype=fields.line_of(scalar_text(values.get("contenttype") or values.get("mimetype"))),
                    width=fields.number_of(scalar_text(values.get("width"))),
                    height=fields.number_of(scalar_text(values.get("height"))),
                    sizeinbytes=fields.number_of(scalar_text(values.get("sizeinbytes"))),
                    duration=_seconds(values.get("duration")),
                )
            )
    return tuple(renditions[: fields.MAX_NAMES])


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e9 else None


def add_renditions(draft: ItemDraft, given: Folded) -> None:
    """Add the item's renditions."""
    for one in renditions_in(given):
        draft.add("renditions", one)


def add_associations(draft: ItemDraft, given: Folded) -> None:
    """Add the item's associations: objects by name (1.x), or a list (2.x, 3.x); empty ones are left out."""
    if "associations" not in given:
        return
    for name, one in objects_in(given["associations"]):
        values = fold(one)
        _, headlines, captions = variants_of(one)
        captions.sort(key=_is_markup)
        ids = values.get("altids")
        # AP's itemid is preferred: the URI includes the version.
        itemid = scalar_text(ids.get("itemid")) if isinstance(ids, dict) else None
        association = Association(
            name=fields.line_of(name or scalar_text(values.get("name") or values.get("id"))),
            guid=fields.line_of(itemid or scalar_text(values.get("uri") or values.get("guid"))),
            version=fields.line_of(scalar_text(values.get("version"))),
            type=fields.line_of(scalar_text(values.get("type"))),
            rel=fields.line_of(scalar_text(values.get("rel"))),
            headline=fields.line_of(headlines[0].value) if headlines else None,
            caption=fields.description_of(captions[0].value, markup=_is_markup(captions[0])) if captions else None,
            byline=fields.line_of(scalar_text(values.get("byline"))),
            creditline=fields.line_of(scalar_text(values.get("creditline"))),
            usageterms=fields.line_of(scalar_text(values.get("usageterms"))),
            renditions=renditions_in(values),
        )
        if association != Association(name=association.name):
            draft.add("associations", association)
