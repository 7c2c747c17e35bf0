"""The metadata of NewsML 1 components: news lines, administrative, descriptive and rights metadata."""

from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.fields import language_of, line_of
from ingestd.formats.common.item_draft import ItemDraft, byline_of
from ingestd.formats.common.lenient_xml import Element, attributes, line_in, name_of, text_in
from ingestd.model.item import Author, Headline, Link, Series


def read_metadata(draft: ItemDraft, name: str, element: Element) -> None:
    """Read a part of a component by its name (in lower case); a part that is none of metadata is passed over."""
    if name == "newslines":
        for line in element:
            _read_line(draft, name_of(line), line)
    elif name == "administrativemetadata":
        for part in element:
            _read_administrative(draft, name_of(part), part)
    elif name.startswith("descriptivemetada"):  # some leave out a letter
        for part in element:
            _read_descriptive(draft, name_of(part), part)
    elif name == "rightsmetadata":
        _read_rights(draft, element)


def _read_line(draft: ItemDraft, name: str, line: Element) -> None:
    if name == "newsline":
        _read_other_line(draft, line)
    elif text := line_in(line) or line_of(attributes(line).get("href")):
        _put_line(draft, name, text)


def _put_line(draft: ItemDraft, name: str, text: str) -> None:
    if name == "headline":
        if name not in draft.values:  # those further in are the pictures'
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


def _read_other_line(draft: ItemDraft, line: Element) -> None:
    """Read a line of a provider's own type: advice and notes to editors are notes (5.4.12, NewsLine)."""
    kind = xml.child(line, "newslinetype")
    role = attributes(kind).get("formalname", "") if kind is not None else ""
    for part in line:
        if name_of(part) == "newslinetext" and ("advisory" in role.lower() or "note" in role.lower()):
            draft.add_note(text_in(part), role=role)


def _party(element: Element) -> str | None:
    """Return the name of the first party in an element."""
    return next((line_of(attributes(one).get("formalname")) for one in element if name_of(one) == "party"), None)


def _read_administrative(draft: ItemDraft, name: str, part: Element) -> None:
    if name == "provider":
        draft.fill("provider", concept_of(None, name=_party(part)))
    elif name == "source":
        draft.fill("source", _party(part))
    elif name in ("creator", "contributor"):
        if person := _party(part):
            draft.add("authors", Author(name=person, role=None if name == "creator" else name))
    elif name == "property":
        given = attributes(part)
        if given.get("formalname", "").lower() == "credit":
            draft.fill_line("creditline", given.get("value"))


_SUBJECTS = frozenset(("subject", "subjectmatter", "subjectdetail"))


def _read_descriptive(draft: ItemDraft, name: str, part: Element) -> None:
    given = attributes(part)
    if name == "language":
        draft.fill("language", language_of(given.get("formalname")))
    elif name == "genre":
        draft.add("genre", concept_of(line_of(given.get("formalname"))))
    elif name == "subjectcode":
        for one in part:
            # A qualifier says more of the subject before it, and is none itself (5.5.4.3).
            if name_of(one) in _SUBJECTS and (code := line_of(attributes(one).get("formalname"))):
                scheme = attributes(one).get("scheme") or attributes(one).get("vocabulary")
                draft.add("subject", concept_of(code, scheme=line_of(scheme)))
    elif name == "location":
        _read_location(draft, part)
    elif name == "property" and given.get("formalname", "").lower() == "keyword":
        draft.add("keywords", line_of(given.get("value")))
    elif name == "guid" and "guid" not in draft.values and (text := line_in(part)):
        # Where the identifier that the standard provides is missing, one of the provider's own is better than a hash.
        draft.fill("guid", text)
        draft.fill("id_origin", "derived")


def _read_location(draft: ItemDraft, location: Element) -> None:
    """Read a place: the narrowest name that is given, and the country as its code."""
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
