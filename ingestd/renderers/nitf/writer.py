"""Write items as NITF 3.6 (IPTC, nitf-3-6.dtd).

NITF has no place for `firstcreated`, for roles of authors, and for URIs of subjects: codes are in
`identified-content` with the name of their vocabulary.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from ingestd.model.item import Concept, Item
from ingestd.renderers.nitf.body import P, add_body_content, new_root
from ingestd.renderers.xml_writer import Element, add, add_if, add_with, document, legal

#: List of an item → element of `identified-content`.
_IDENTIFIED = {
    "subject": "classifier", "person": "person", "organisation": "org", "place": "location", "event": "event",
}  # fmt: skip


def render(item: Item) -> bytes:
    """Return an item as NITF 3.6 in UTF-8, on one line; notes that are not public are left out."""
    return document(as_nitf(item))


def as_nitf(item: Item) -> Element:
    """Return the `nitf` element of an item."""
    root = new_root()
    root.set("version", "-//IPTC//DTD NITF 3.6//EN")
    if item.language:
        root.set("baselang", legal(item.language))
    head = add(root, f"{P}head")
    add_if(head, f"{P}title", item.title or item.headline)
    if item.slugline:
        add(head, f"{P}meta", name="slugline", content=item.slugline)
    _add_genres(head, item.genre)
    _add_docdata(head, item)
    body = add(root, f"{P}body")
    _add_body_head(body, item)
    add_body_content(body, item)
    return root


def body_content(parent: Element, item: Item) -> None:
    """Append a `nitf` element with the body of an item alone, as other formats embed it."""
    nitf = new_root()
    parent.append(nitf)
    add_body_content(add(nitf, f"{P}body"), item)


def _add_genres(head: Element, genres: Iterable[Concept]) -> None:
    names = [name for one in genres if (name := one.name or one.code)]
    if names:
        tobject = add(head, f"{P}tobject")
        for name in names:
            add_with(tobject, f"{P}tobject.property", {"tobject.property.type": name})


def _add_docdata(head: Element, item: Item) -> None:
    docdata = add(head, f"{P}docdata", management_status=item.pubstatus)
    add(docdata, f"{P}doc-id", id_string=item.guid)
    if item.urgency is not None:
        add(docdata, f"{P}urgency", ed_urg=item.urgency)
    for name, when in (
        ("date.issue", item.versioncreated),
        ("date.release", item.embargoed),
        ("date.expire", item.expires),
    ):
        if when:
            add(docdata, f"{P}{name}", norm=_basic(when))
    if item.series:
        values = {
            "series.name": item.series.name,
            "series.part": item.series.part,
            "series.totalpart": item.series.total,
        }
        add_with(docdata, f"{P}series", values)
    for note in item.ednotes:
        if note.public:
            add(docdata, f"{P}ed-msg", info=note.text)
    _add_rights_and_keys(docdata, item)
    _add_identified(docdata, item)


def _add_rights_and_keys(docdata: Element, item: Item) -> None:
    if item.version:
        add(docdata, f"{P}du-key", version=item.version)
    if item.copyrightholder:
        add(docdata, f"{P}doc.copyright", holder=item.copyrightholder)
    if item.usageterms:
        add(docdata, f"{P}doc.rights", limitations=item.usageterms)
    if item.keywords:
        keys = add(docdata, f"{P}key-list")
        for keyword in item.keywords:
            add(keys, f"{P}keyword", key=keyword)


def _add_identified(docdata: Element, item: Item) -> None:
    found = [(element, one) for field, element in _IDENTIFIED.items() for one in getattr(item, field)]
    if found:
        content = add(docdata, f"{P}identified-content")
        for element, one in found:
            add(content, f"{P}{element}", one.name, idsrc=one.scheme, value=one.code or one.uri)


def _add_body_head(body: Element, item: Item) -> None:
    head = add(body, f"{P}body.head")
    lines = [one.text for one in item.headlines] or ([item.headline] if item.headline else [])
    if lines:
        hedline = add(head, f"{P}hedline")
        for number, line in enumerate(lines):
            add(hedline, f"{P}hl2" if number else f"{P}hl1", line)
    add_if(head, f"{P}rights", item.copyrightnotice)
    if item.byline:
        add(head, f"{P}byline", item.byline)
    else:
        for author in item.authors:
            add(add(head, f"{P}byline"), f"{P}person", author.name)
    if item.provider:
        add_if(head, f"{P}distributor", item.provider.name or item.provider.code or item.provider.uri)
    if item.dateline:
        _add_dateline(head, item.dateline, item.located)
    if item.description_text:
        add(add(head, f"{P}abstract"), f"{P}p", item.description_text)


def _add_dateline(head: Element, dateline: str, located: str | None) -> None:
    element = add(head, f"{P}dateline")
    before, found, after = dateline.partition(located) if located else (dateline, "", "")
    element.text = legal(before)
    if found:
        location = add(element, f"{P}location", found)
        location.tail = legal(after)


def _basic(when: datetime) -> str:
    """Return a time in the basic format of ISO 8601, which `norm` has."""
    return when.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
