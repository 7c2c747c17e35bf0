"""NewsML-G2 2.x (IPTC): news messages, news items, packages, and events as concept items.

Element and attribute names count without namespace and without case, and wherever they stand: what is in the wrong
part of an item is read all the same.  Section numbers are those of the NewsML-G2 Specification 2.3x.
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
#: What the concept of a concept item is (10, Concepts), of which its name is the title.
_CONCEPT = {"name": "title", "definition": "description_text"}
#: What a NewsItem of NewsML 1 has, and one of G2 never.
_NEWSML_1 = b"<NewsIdentifier"


def recognises(document: Document) -> bool:
    """Say whether the first element is a news message or an item, and not one of NewsML 1."""
    return document.root in _MESSAGES or (document.root in _ITEMS and _NEWSML_1 not in document.body)


def parse(document: Document, _url: str, _content_type: str | None = None) -> Feed:
    """Read a NewsML-G2 document; every item in it is an entry, packages too, in document order.

    Raises ParseError when it is damaged and nothing is left.
    """
    root, warnings = xml.root_element(document.body, "NewsML-G2 document")
    header = xml.child(root, "header") if name_of(root) in _MESSAGES else None
    entries, lost = read_entries(
        "newsml-g2", _items(root), partial(_read_item, _aliases(header) if header is not None else SCHEMES)
    )
    return feed_of("newsml-g2", entries, warnings + lost)


def _items(root: Element) -> Iterator[Element]:
    """Return the items of a document: those of all item sets, or the root itself."""
    if name_of(root) in _ITEMS:
        yield root
        return
    for part in root:
        name = name_of(part)
        if name in _ITEMS:
            # A package that only lists what the message brings is no item of its own.
            if part.get("guid") or xml.child(part, "itemmeta") is not None:
                yield part
        elif name == "itemset":
            yield from _items(part)


def _aliases(element: Element) -> Mapping[str, str]:
    """Return what the catalogues in an element add to IPTC's aliases (6.4, catalog)."""
    own: dict[str, str] = {}
    for catalog in element:
        if name_of(catalog) == "catalog":
            for scheme in catalog:
                given = attributes(scheme)
                alias, uri = line_of(given.get("alias")), line_of(given.get("uri"))
                if alias and uri:
                    own.setdefault(alias, uri)
    return {**own, **SCHEMES} if own else SCHEMES


def _read_item(aliases: Mapping[str, str], draft: ItemDraft, item: Element) -> None:
    given = attributes(item)
    draft.fill_line("guid", given.get("guid"))
    draft.fill_line("version", given.get("version"))
    if name_of(item) == "packageitem":
        draft.fill("type", "composite")
    if xml.child(item, "catalog") is not None:
        aliases = {**aliases, **_aliases(item)}
    for part in item:
        _read_part(draft, part, aliases)
    draft.values.pop("type_sent", None)
    # The default language of the item's metadata is a better guess than none (5.6, xml:lang).
    draft.fill("language", language_of(given.get("lang")))


def _read_part(draft: ItemDraft, part: Element, aliases: Mapping[str, str]) -> None:
    name = name_of(part)
    if name == "concept":
        for child in part:
            if field := _CONCEPT.get(name_of(child)):
                draft.fill(field, xml.line_in(child))
    elif name in _CONTAINERS:
        for child in part:
            reader = ELEMENT_READERS.get(local_name(child.tag))
            if reader is not None:
                reader(draft, child, aliases)
    elif name in _CONTENT:
        _CONTENT[name](draft, part, aliases)
    elif (reader := ELEMENT_READERS.get(name)) is not None:
        reader(draft, part, aliases)


_CONTAINERS = frozenset(("itemmeta", "contentmeta", "rightsinfo"))
_CONTENT: Mapping[str, Callable[[ItemDraft, Element, Mapping[str, str]], None]] = {
    "contentset": read_content,
    "groupset": read_groups,
}

FORMAT = Format("newsml-g2", recognises, parse)
