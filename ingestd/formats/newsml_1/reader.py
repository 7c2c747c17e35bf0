"""Reader of NewsML 1.0 to 1.2 (IPTC, NewsML 1.2 Functional Specification); components may nest in any way.

If several components give a value, that of the outermost is kept, and of these the first.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial

from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.concepts import concept_of
from ingestd.formats.common.document import Document
from ingestd.formats.common.fields import language_of, line_of
from ingestd.formats.common.format import Format
from ingestd.formats.common.item_draft import ItemDraft
from ingestd.formats.common.lenient_xml import Element, attributes, line_in, name_of, text_in
from ingestd.formats.common.wire_feed import feed_of, read_entries
from ingestd.formats.newsml_1.components import read_components
from ingestd.model.feed import Feed
from ingestd.model.item import Link

_IDENTIFIER = b"<NewsIdentifier"
_URN = "urn:newsml:"
# The revision, with "U" or "A" for an update or amendment (5.1.5, PublicIdentifier); some providers write "N".
_REVISION = re.compile(r":\d+[NUA]?$")


def recognises(document: Document) -> bool:
    """Return whether the root is `NewsML`, or a `NewsItem` of NewsML 1."""
    return document.root == "newsml" or (document.root == "newsitem" and _IDENTIFIER in document.body)


def parse(document: Document, _url: str, _content_type: str | None = None) -> Feed:
    """Parse a NewsML 1 document; every NewsItem is an entry, nested ones too, in document order.

    Raises ParseError when the document is damaged and nothing can be recovered.
    """
    root, warnings = xml.root_element(document.body, "NewsML document")
    entries, read_warnings = read_entries("newsml-1", _items(root), partial(_read_item, _priority(root)))
    return feed_of("newsml-1", entries, warnings + read_warnings)


def _items(root: Element) -> Iterator[Element]:
    if name_of(root) == "newsitem":
        yield root
    for child in root:
        if name_of(child) in ("newsitem", "newscomponent"):
            yield from _items(child)


def _priority(root: Element) -> str | None:
    envelope = xml.child(root, "newsenvelope")
    priority = xml.child(envelope, "priority") if envelope is not None else None
    return _formal_name(priority) if priority is not None else None


def _read_item(priority: str | None, draft: ItemDraft, item: Element) -> None:
    for child in item:
        name = name_of(child)
        if name == "identification":
            _read_identification(draft, child)
        elif name == "newsmanagement":
            for one in child:
                _read_management(draft, name_of(one), one)
    read_components(draft, item)
    draft.fill_number("priority", priority)
    draft.fill("language", language_of(attributes(item).get("lang")))
    if provider := draft.values.pop("provider_id", None):
        draft.fill("provider", concept_of(None, name=provider))


def _read_identification(draft: ItemDraft, identification: Element) -> None:
    for child in identification:
        name = name_of(child)
        if name == "newsidentifier":
            _fill_guid_and_version(draft, {name_of(one): text_in(one) for one in child})
        elif name == "namelabel":
            draft.fill("title", line_in(child))


def _fill_guid_and_version(draft: ItemDraft, given: Mapping[str, str]) -> None:
    """Fill guid and version from a NewsIdentifier; the guid is without the revision.

    A PublicIdentifier has the form urn:newsml:provider:date:item:revision (5.1.5).  If it is missing, or contains only
    the provider and so is the same for every item, the guid is composed of the other identifiers by the same rule.
    """
    provider, date, item = (given.get(name, "") for name in ("providerid", "dateid", "newsitemid"))
    draft.fill_line("version", given.get("revisionid"))
    draft.fill_line("provider_id", provider)
    public = given.get("publicidentifier", "")
    if public.startswith(_URN):
        public = _REVISION.sub("", public)
        public = public if public.removeprefix(_URN).count(":") else ""
    if public:
        draft.fill_line("guid", public)
    elif provider and item:
        draft.fill_line("guid", _URN + ":".join(filter(None, (provider, date, item))))
        draft.fill("id_origin", "composed")


def _read_management(draft: ItemDraft, name: str, child: Element) -> None:
    if name == "firstcreated":
        draft.fill_time("firstcreated", text_in(child))
    elif name == "thisrevisioncreated":
        draft.fill_time("versioncreated", text_in(child))
    elif name == "status":
        draft.fill_line("pubstatus_raw", _formal_name(child))
    elif name == "urgency":
        draft.fill_number("urgency", _formal_name(child))
    elif name == "statuswillchange":
        _read_status_change(draft, child)
    elif name in ("associatedwith", "derivedfrom"):
        if guid := line_of(attributes(child).get("newsitem")):
            draft.add("links", Link(guid=guid, rel=name))
    elif name == "instruction":
        draft.add("signals", line_of(_formal_name(child)))
    elif name == "newsitemtype":
        draft.add_extra(name, _formal_name(child))


def _read_status_change(draft: ItemDraft, change: Element) -> None:
    """Read a StatusWillChange (5.2.6): an item that becomes usable later is embargoed, any other expires then."""
    future = xml.child(change, "futurestatus")
    when = xml.child(change, "dateandtime")
    if future is not None and when is not None:
        status = (_formal_name(future) or "").lower()
        if status == "usable":
            draft.fill_embargo(text_in(when))
        else:
            draft.fill_time("expires", text_in(when))


def _formal_name(element: Element) -> str | None:
    """Return an element's FormalName, or its text if it has none."""
    return attributes(element).get("formalname") or text_in(element) or None


FORMAT = Format("newsml-1", recognises, parse)
