"""Reader of NewsML-G2 2.x (IPTC): news messages, news items, packages, and events as concept items.

Names of elements and attributes match without namespace and case, and an element is read even in the wrong part of an
item.  Section numbers are those of the NewsML-G2 Specification 2.3x.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.concepts import SCHEMES
from ingestd.formats.common.document import Document
from ingestd.formats.common.fields import language_of, line_of
from ingestd.formats.common.format import Format
from ingestd.formats.common.item_draft import ItemDraft
from ingestd.formats.common.lenient_xml import Element, attributes, local_name, name_of
from ingestd.formats.common.wire_feed import feed_of, read_entries
from ingestd.formats.newsml_g2.content import read_content, read_groups
from ingestd.formats.newsml_g2.metadata import ELEMENT_READERS
from ingestd.model.feed import Feed

_MESSAGES = frozenset(("newsmessage", "itemset"))
_ITEMS = frozenset(("newsitem", "packageitem", "conceptitem", "knowledgeitem", "planningitem"))
#: Element of a concept item's concept (10, Concepts) → field.
_CONCEPT_FIELDS = {"name": "title", "definition": "description_text"}
#: Occurs in every NewsItem of NewsML 1 and in none of NewsML-G2.
_NEWSML_1_TAG = b"<NewsIdentifier"


def recognises(document: Document) -> bool:
    """Return whether the root is a news message or an item, and not an item of NewsML 1."""
    return document.root in _MESSAGES or (document.root in _ITEMS and _NEWSML_1_TAG not in document.body)


def parse(document: Document, _url: str, _content_type: str | None = None) -> Feed:
    """Parse a NewsML-G2 document; every item is an entry, packages too, in document order.

    Raises ParseError when the document is damaged and nothing can be recovered.
    """
    root, warnings = xml.root_element(document.body, "NewsML-G2 document")
    header = xml.child(root, "header") if name_of(root) in _MESSAGES else None
    schemes = _schemes(header) if header is not None else SCHEMES
    entries, read_warnings = read_entries("newsml-g2", _items(root), partial(_read_item, schemes))
    return feed_of("newsml-g2", entries, warnings + read_warnings)


def _items(root: Element) -> Iterator[Element]:
    """Yield the items of a document: those of all item sets, or the root itself."""
    if name_of(root) in _ITEMS:
        yield root
        return
    for child in root:
        name = name_of(child)
        if name in _ITEMS:
            # A package without guid and itemMeta only lists the contents of the message.
            if child.get("guid") or xml.child(child, "itemmeta") is not None:
                yield child
        elif name == "itemset":
            yield from _items(child)


def _schemes(element: Element) -> Mapping[str, str]:
    """Return IPTC's scheme aliases together with those of the catalogues in an element (6.4, catalog)."""
    own: dict[str, str] = {}
    for catalog in element:
        if name_of(catalog) == "catalog":
            for scheme in catalog:
                given = attributes(scheme)
                alias, uri = line_of(given.get("alias")), line_of(given.get("uri"))
                if alias and uri:
                    own.setdefault(alias, uri)
    return {**own, **SCHEMES} if own else SCHEMES


def _read_item(schemes: Mapping[str, str], draft: ItemDraft, item: Element) -> None:
    given = attributes(item)
    draft.fill_line("guid", given.get("guid"))
    draft.fill_line("version", given.get("version"))
    if name_of(item) == "packageitem":
        draft.fill("type", "composite")
    if xml.child(item, "catalog") is not None:
        schemes = {**schemes, **_schemes(item)}
    for element in item:
        _read_element(draft, element, schemes)
    draft.values.pop("item_class", None)
    # Without a language of the content, the default language of the metadata is used (5.6, xml:lang).
    draft.fill("language", language_of(given.get("lang")))


def _read_element(draft: ItemDraft, element: Element, schemes: Mapping[str, str]) -> None:
    name = name_of(element)
    if name == "concept":
        for child in element:
            if field := _CONCEPT_FIELDS.get(name_of(child)):
                draft.fill(field, xml.line_in(child))
    elif name in _METADATA_CONTAINERS:
        for child in element:
            reader = ELEMENT_READERS.get(local_name(child.tag))
            if reader is not None:
                reader(draft, child, schemes)
    elif name in _CONTENT_READERS:
        _CONTENT_READERS[name](draft, element, schemes)
    elif (reader := ELEMENT_READERS.get(name)) is not None:
        reader(draft, element, schemes)


_METADATA_CONTAINERS = frozenset(("itemmeta", "contentmeta", "rightsinfo"))
_CONTENT_READERS: Mapping[str, Callable[[ItemDraft, Element, Mapping[str, str]], None]] = {
    "contentset": read_content,
    "groupset": read_groups,
}

FORMAT = Format("newsml-g2", recognises, parse)
