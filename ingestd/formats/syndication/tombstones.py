"""Read the entries that an Atom feed declares deleted (RFC 6721, Atom Tombstones)."""

from collections.abc import Iterator

from ingestd.dates.reading import read_time
from ingestd.dates.stated_time import when_of
from ingestd.errors import ParseError
from ingestd.formats.common import fields
from ingestd.formats.common.identity import identity_of
from ingestd.formats.common.lenient_xml import Element, root_element, text_in
from ingestd.model.feed import Deleted

NAMESPACE = "http://purl.org/atompub/tombstones/1.0"
_ENTRY, _COMMENT = f"{{{NAMESPACE}}}deleted-entry", f"{{{NAMESPACE}}}comment"


def deleted_in(body: bytes) -> tuple[Deleted, ...]:
    """Return the deleted entries of an Atom document, in its order, at most MAX_ENTRIES.

    Only children of the feed are read (RFC 6721, 3).  One without a `ref` is left out; an unreadable `when` is None.
    A document that cannot be parsed as XML has none.
    """
    if NAMESPACE.encode() not in body:
        return ()
    try:
        root, _ = root_element(body, "feed")
    except ParseError:
        return ()
    return tuple(dict.fromkeys(_entries(root)))


def _entries(root: Element) -> Iterator[Deleted]:
    for element in list(root.iterchildren(_ENTRY))[: fields.MAX_ENTRIES]:
        if ref := (element.get("ref") or "").strip():
            # The rule for guids of entries, so that the deleted entry is found.
            guid, _ = identity_of(ref, None, headline=None, description=None, body=None, published=None)
            yield Deleted(guid=guid, when=when_of(read_time(element.get("when"))), comment=_comment(element))


def _comment(element: Element) -> str | None:
    found = element.find(_COMMENT)
    if found is None:
        return None
    return fields.description_of(text_in(found), markup=found.get("type") == "html")
