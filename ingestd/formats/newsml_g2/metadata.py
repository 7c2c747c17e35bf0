"""Metadata of NewsML-G2 items: a reader for each element of itemMeta, contentMeta and rightsInfo."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.fields import description_of, language_of, line_of
from ingestd.formats.common.item_draft import ItemDraft, byline_of
from ingestd.formats.common.lenient_xml import Element, attributes, line_in, local_name, name_of, text_in
from ingestd.formats.common.publication_status import code_of
from ingestd.model.item import AltId, Author, Concept, Headline, Link

Reader = Callable[[ItemDraft, Element, Mapping[str, str]], None]

#: Type of a concept (NewsCodes cpnature) → list of the item; concepts of other types are subjects.
_LIST_OF_TYPE = {
    "geoarea": "place", "poi": "place", "geo": "place", "place": "place", "location": "place",
    "person": "person", "organisation": "organisation", "organization": "organisation", "company": "organisation",
    "event": "event",
}  # fmt: skip
#: Words in the role of a note that is not public; `pubconstraint` is the other way to mark one.
_PRIVATE_WORDS = ("private", "contact", "nonpublic", "non-public", "internal", "notepad")


def concept(element: Element, aliases: Mapping[str, str], *, rel: str | None = None) -> Concept | None:
    """Return a concept with its qcode, URI or literal (5.3.2, flexible properties) and its first name."""
    name = None
    for child in element:
        if local_name(child.tag) == "name":
            name = line_in(child)
            break
    # A short cut: nearly all elements have a lower-case `qcode`, and reading all attributes doubles the time.
    if qcode := line_of(element.get("qcode")):
        return concept_of(qcode, uri=line_of(element.get("uri")), name=name, rel=rel, schemes=aliases)
    given = attributes(element)
    uri, qcode = line_of(given.get("uri")), line_of(given.get("qcode"))
    if qcode or uri:
        return concept_of(qcode, uri=uri, name=name, rel=rel, schemes=aliases)
    # A literal belongs to no scheme, even if it looks like a qcode (5.3.2.2); some publishers give the name as text.
    literal = line_of(given.get("literal"))
    name = name or literal or line_of(element.text)
    return Concept(code=literal, name=name, rel=rel) if name else None


def _line_reader(field: str) -> Reader:
    def read(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
        draft.fill(field, line_in(element))

    return read


def _time_reader(field: str) -> Reader:
    def read(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
        draft.fill_time(field, element.text)

    return read


def _embargo(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    # An empty `embargoed` is an embargo, unless other elements are empty, too: then a template was not filled in.
    if text_in(element) or element.attrib or not any(map(_is_blank, _siblings(element))):
        draft.fill_embargo(element.text)


def _siblings(element: Element) -> Iterator[Element]:
    return chain(element.itersiblings(), element.itersiblings(preceding=True))


def _is_blank(element: Element) -> bool:
    return not (len(element) or element.attrib or element.text)


def _type(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    draft.fill_line("item_class", code_of(attributes(element).get("qcode")))
    draft.fill("type", draft.values.get("item_class"))


def _pubstatus(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    given = attributes(element)
    draft.fill_line("pubstatus_raw", given.get("qcode") or given.get("literal") or given.get("uri") or text_in(element))


def _signal(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    given = attributes(element)
    draft.add("signals", line_of(given.get("qcode") or given.get("literal") or given.get("uri")))


def _provider(draft: ItemDraft, element: Element, aliases: Mapping[str, str]) -> None:
    draft.fill("provider", concept(element, aliases))


def _note(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    given = attributes(element)
    role = line_of(given.get("role"))
    constraint = given.get("pubconstraint", "").lower()
    private = "nonpublic" in constraint or any(word in (role or "").lower() for word in _PRIVATE_WORDS)
    draft.add_note(text_in(element), role=role, public=not private)


def _link(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    given = attributes(element)
    title = next((line_in(child) for child in element if name_of(child) == "title"), None)
    guid, href = line_of(given.get("residref") or given.get("guidref")), line_of(given.get("href"))
    if guid or href:
        rel, version = line_of(given.get("rel")), line_of(given.get("version"))
        draft.add("links", Link(guid=guid, href=href, version=version, rel=rel, title=title))


def _number_reader(field: str) -> Reader:
    def read(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
        draft.fill_number(field, element.text)

    return read


def _located(draft: ItemDraft, element: Element, aliases: Mapping[str, str]) -> None:
    place = concept(element, aliases, rel="located")
    if place:
        draft.fill("located", place.name or place.code or place.uri)
        if place.uri or place.scheme:
            draft.add("place", place)


def _creator(draft: ItemDraft, element: Element, aliases: Mapping[str, str]) -> None:
    person = concept(element, aliases)
    if person and (name := person.name or person.code):
        role = line_of(element.get("role")) or (name_of(element) if name_of(element) != "creator" else None)
        draft.add("authors", Author(name=name, role=role, uri=person.uri))


def _source(draft: ItemDraft, element: Element, aliases: Mapping[str, str]) -> None:
    source = concept(element, aliases)
    if source:
        draft.fill("source", source.name or source.code or source.uri)


def _altid(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    if value := line_in(element):
        given = attributes(element)
        draft.add("altids", AltId(value=value, role=line_of(given.get("type") or given.get("role"))))


def _language(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    draft.fill("language", language_of(attributes(element).get("tag")))


def _genre(draft: ItemDraft, element: Element, aliases: Mapping[str, str]) -> None:
    draft.add("genre", concept(element, aliases))


def _subject(draft: ItemDraft, element: Element, aliases: Mapping[str, str]) -> None:
    kind = element.get("type")
    list_name = _LIST_OF_TYPE.get(code_of(kind), "subject") if kind else "subject"
    draft.add(list_name, concept(element, aliases, rel=line_of(element.get("why"))))


def _headline(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    text = line_in(element)
    if text:
        role = line_of(attributes(element).get("role"))
        draft.add("headlines", Headline(text=text, role=role))
        if code_of(role) in _SECONDARY_ROLES and "headline" not in draft.values:
            draft.fill_line("description_text", text)
        else:
            draft.fill("headline", text)


_SECONDARY_ROLES = frozenset(("subtitle", "subheadline", "sub", "kicker", "teaser", "dek"))


def _description(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    draft.fill("description_text", description_of(text_in(element)))


def _keyword(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    draft.add("keywords", line_in(element))


def _byline(draft: ItemDraft, element: Element, _aliases: Mapping[str, str]) -> None:
    draft.fill("byline", byline_of(line_in(element)))


def _copyright_holder(draft: ItemDraft, element: Element, aliases: Mapping[str, str]) -> None:
    holder = concept(element, aliases)
    if holder:
        draft.fill("copyrightholder", holder.name or holder.code or holder.uri)


#: Element (in lower case) → its reader; sections 7 (itemMeta), 8 (contentMeta), 6.5 (rightsInfo).
ELEMENT_READERS: Mapping[str, Reader] = {
    "itemclass": _type,
    "provider": _provider,
    "versioncreated": _time_reader("versioncreated"),
    "firstcreated": _time_reader("firstcreated"),
    "embargoed": _embargo,
    "expires": _time_reader("expires"),
    "pubstatus": _pubstatus,
    "signal": _signal,
    "ednote": _note,
    "link": _link,
    "title": _line_reader("title"),
    "urgency": _number_reader("urgency"),
    "located": _located,
    "creator": _creator,
    "contributor": _creator,
    "infosource": _source,
    "altid": _altid,
    "language": _language,
    "genre": _genre,
    "subject": _subject,
    "slugline": _line_reader("slugline"),
    "headline": _headline,
    "dateline": _line_reader("dateline"),
    "by": _byline,
    "byline": _byline,
    "creditline": _line_reader("creditline"),
    "description": _description,
    "keyword": _keyword,
    "copyrightholder": _copyright_holder,
    "copyrightnotice": _line_reader("copyrightnotice"),
    "usageterms": _line_reader("usageterms"),
}
