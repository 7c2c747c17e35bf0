"""Metadata of NewsML 1 components: news lines, administrative, descriptive and rights metadata."""

from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.fields import language_of, line_of
from ingestd.formats.common.item_draft import ItemDraft, byline_of
from ingestd.formats.common.lenient_xml import Element, attributes, line_in, name_of, text_in
from ingestd.model.item import Author, Headline, Link, Series


def read_metadata(draft: ItemDraft, name: str, element: Element) -> None:
    """Read a metadata element into a draft; `name` is its name in lower case.  Other elements are ignored."""
    if name == "newslines":
        for line in element:
            _read_line(draft, name_of(line), line)
    elif name == "administrativemetadata":
        for child in element:
            _read_administrative(draft, name_of(child), child)
    elif name.startswith("descriptivemetada"):  # some providers misspell it "DescriptiveMetada"
        for child in element:
            _read_descriptive(draft, name_of(child), child)
    elif name == "rightsmetadata":
        _read_rights(draft, element)


def _read_line(draft: ItemDraft, name: str, line: Element) -> None:
    if name == "newsline":
        _read_custom_line(draft, line)
    elif text := line_in(line) or line_of(attributes(line).get("href")):
        _fill_line(draft, name, text)


def _fill_line(draft: ItemDraft, name: str, text: str) -> None:
    if name == "headline":
        if name not in draft.values:  # headlines of inner components are those of pictures
            draft.fill(name, text)
            draft.add("headlines", Headline(text=text))
    elif name == "byline":
        draft.fill(name, byline_of(text))
    elif name == "keywordline":
        draft.add("keywords", text)
    elif name == "seriesline":
        draft.fill("series", Series(name=text))
    elif name == "morelink":
        draft.add("links", Link(href=text, rel="more"))
    elif name in _LINES:
        draft.fill(_LINES[name], text)


_LINES = {
    "subheadline": "description_text", "dateline": "dateline", "creditline": "creditline",
    "copyrightline": "copyrightnotice", "rightsline": "usageterms", "slugline": "slugline",
}  # fmt: skip


def _read_custom_line(draft: ItemDraft, line: Element) -> None:
    """Read a NewsLine, whose type the provider defines (5.4.12): advisories and notes are notes to editors."""
    kind = xml.child(line, "newslinetype")
    role = attributes(kind).get("formalname", "") if kind is not None else ""
    for child in line:
        if name_of(child) == "newslinetext" and ("advisory" in role.lower() or "note" in role.lower()):
            draft.add_note(text_in(child), role=role)


def _party(element: Element) -> str | None:
    """Return the name of the first Party in an element."""
    return next((line_of(attributes(one).get("formalname")) for one in element if name_of(one) == "party"), None)


def _read_administrative(draft: ItemDraft, name: str, child: Element) -> None:
    if name == "provider":
        draft.fill("provider", concept_of(None, name=_party(child)))
    elif name == "source":
        draft.fill("source", _party(child))
    elif name in ("creator", "contributor"):
        if person := _party(child):
            draft.add("authors", Author(name=person, role=None if name == "creator" else name))
    elif name == "property":
        given = attributes(child)
        if given.get("formalname", "").lower() == "credit":
            draft.fill_line("creditline", given.get("value"))


_SUBJECTS = frozenset(("subject", "subjectmatter", "subjectdetail"))


def _read_descriptive(draft: ItemDraft, name: str, child: Element) -> None:
    given = attributes(child)
    if name == "language":
        draft.fill("language", language_of(given.get("formalname")))
    elif name == "genre":
        draft.add("genre", concept_of(line_of(given.get("formalname"))))
    elif name == "subjectcode":
        for one in child:
            # A SubjectQualifier refines the subject before it and is not a subject itself (5.5.4.3).
            if name_of(one) in _SUBJECTS and (code := line_of(attributes(one).get("formalname"))):
                scheme = attributes(one).get("scheme") or attributes(one).get("vocabulary")
                draft.add("subject", concept_of(code, scheme=line_of(scheme)))
    elif name == "location":
        _read_location(draft, child)
    elif name == "property" and given.get("formalname", "").lower() == "keyword":
        draft.add("keywords", line_of(given.get("value")))
    elif name == "guid" and "guid" not in draft.values and (text := line_in(child)):
        # Without the standard identifier, the provider's own one is better than a hash.
        draft.fill("guid", text)
        draft.fill("id_origin", "derived")


def _read_location(draft: ItemDraft, location: Element) -> None:
    """Read a place: its name is the narrowest one given, its code is the country."""
    names = {attributes(one).get("formalname", "").lower(): attributes(one).get("value") for one in location}
    place = next(
        (names[key] for key in ("city", "sublocation", "countryarea", "area", "country") if names.get(key)), None
    )
    origin = attributes(location).get("howpresent", "Origin").lower() == "origin"
    if name := line_of(place):
        draft.add("place", concept_of(line_of(names.get("country")), name=name, rel="located" if origin else None))
        if origin:
            draft.fill("located", name)


def _read_rights(draft: ItemDraft, rights: Element) -> None:
    for one in xml.descendants(rights, "copyrightholder", "usagetype"):
        text = text_in(one) or attributes(one).get("formalname")
        draft.fill_line("copyrightholder" if name_of(one) == "copyrightholder" else "usageterms", text)
