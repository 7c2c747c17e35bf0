"""Metadata of NewsML-G2: rightsInfo (6.5), itemMeta (7) and contentMeta (8)."""

import re

from ingestd.model.item import Concept, Item
from ingestd.renderers.newsml_g2.names import N
from ingestd.renderers.xml_writer import Element, add, add_if, instant

#: Types of items in IPTC's vocabulary `ninat`.
_CLASSES = frozenset(("text", "picture", "graphic", "video", "audio", "animation", "composite"))
#: List of an item → the type of its concepts, in IPTC's vocabulary `cpnat`.
_TYPES = {
    "subject": None, "place": "cpnat:geoArea", "person": "cpnat:person", "organisation": "cpnat:organisation",
    "event": "cpnat:event",
}  # fmt: skip
_ALIAS = re.compile(r"[A-Za-z][\w.-]*")


def scheme_uri(one: Concept) -> str | None:
    """Return the URI of a concept's scheme: that of the concept without its code; None if it does not end in that."""
    if one.code and one.uri and one.uri.endswith(one.code):
        return one.uri.removesuffix(one.code) or None
    return None


def add_rights(root: Element, item: Item) -> None:
    """Append `rightsInfo`, if the item states any rights."""
    if not (item.copyrightholder or item.copyrightnotice or item.usageterms):
        return
    rights = add(root, f"{N}rightsInfo")
    if item.copyrightholder:
        add(add(rights, f"{N}copyrightHolder"), f"{N}name", item.copyrightholder)
    add_if(rights, f"{N}copyrightNotice", item.copyrightnotice)
    add_if(rights, f"{N}usageTerms", item.usageterms)


def add_item_meta(root: Element, item: Item) -> None:
    """Append `itemMeta`, its elements in the order of the schema."""
    meta = add(root, f"{N}itemMeta")
    add(meta, f"{N}itemClass", qcode=f"ninat:{item.type if item.type in _CLASSES else 'text'}")
    # The schema requires a provider and a time.
    _add_concept(meta, "provider", item.provider or Concept(name=item.source or "ingestd"))
    for name, when in (
        ("versionCreated", item.versioncreated),
        ("firstCreated", item.firstcreated),
        ("embargoed", item.embargoed),
    ):
        if when:
            add(meta, f"{N}{name}", instant(when))
    add(meta, f"{N}pubStatus", qcode=f"stat:{item.pubstatus}")
    add_if(meta, f"{N}title", item.title)
    for note in item.ednotes:
        if note.public:
            add(meta, f"{N}edNote", note.text, role=note.role)
    for signal in item.signals:
        add(meta, f"{N}signal", **({"qcode": signal} if _is_qcode(signal) else {"literal": signal}))
    if item.expires:
        add(meta, f"{N}expires", instant(item.expires))
    for link in item.links:
        element = add(meta, f"{N}link", rel=link.rel, residref=link.guid, href=link.href, version=link.version)
        add_if(element, f"{N}title", link.title)


def add_content_meta(root: Element, item: Item) -> None:
    """Append `contentMeta`."""
    meta = add(root, f"{N}contentMeta")
    if item.urgency is not None:
        add(meta, f"{N}urgency", str(item.urgency))
    if item.located:
        add(add(meta, f"{N}located"), f"{N}name", item.located)
    for author in item.authors:
        creator = add(meta, f"{N}creator", uri=author.uri, role=author.role)
        add(creator, f"{N}name", author.name)
    if item.source:
        add(add(meta, f"{N}infoSource"), f"{N}name", item.source)
    for altid in item.altids:
        add(meta, f"{N}altId", altid.value, type=altid.role)
    if item.language:
        add(meta, f"{N}language", tag=item.language)
    for genre in item.genre:
        _add_concept(meta, "genre", genre)
    for field, kind in _TYPES.items():
        for one in getattr(item, field):
            _add_concept(meta, "subject", one, kind)
    _add_lines(meta, item)


def _add_lines(meta: Element, item: Item) -> None:
    add_if(meta, f"{N}slugline", item.slugline)
    for one in item.headlines:
        add(meta, f"{N}headline", one.text, role=one.role)
    if not item.headlines:
        add_if(meta, f"{N}headline", item.headline)
    add_if(meta, f"{N}dateline", item.dateline)
    add_if(meta, f"{N}by", item.byline)
    add_if(meta, f"{N}creditline", item.creditline)
    add_if(meta, f"{N}description", item.description_text)
    for keyword in item.keywords:
        add(meta, f"{N}keyword", keyword)


def _add_concept(meta: Element, name: str, one: Concept, kind: str | None = None) -> None:
    """Append a concept as a flexible property (5.3.2): by its code, else its URI, else as a literal; with its name."""
    has_alias = one.code and one.scheme and _ALIAS.fullmatch(one.scheme) and (not one.uri or scheme_uri(one))
    element = add(
        meta,
        f"{N}{name}",
        type=kind,
        why=one.rel if name == "subject" else None,
        qcode=f"{one.scheme}:{one.code}" if has_alias else None,
        uri=None if has_alias else one.uri,
        literal=None if has_alias or one.uri else one.code,
    )
    add_if(element, f"{N}name", one.name)


def _is_qcode(text: str) -> bool:
    alias, colon, code = text.partition(":")
    return bool(colon and code and _ALIAS.fullmatch(alias) and " " not in code)
