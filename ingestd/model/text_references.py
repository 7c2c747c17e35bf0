"""Wire items whose text is by reference: where it is to be fetched from.

AP's API gives the texts of items as renditions.  The text is part of the item: nothing is stored of such a version
before it is there.
"""

from ingestd.model.feed import Entry
from ingestd.model.item import Item
from ingestd.urls import resolve

#: Names of renditions that are the text of an item, the best first.
_TEXT_RENDITIONS = ("nitf", "anpa")


def is_by_reference(entry: Entry) -> bool:
    """Return whether an entry is a wire item whose text still has to be fetched."""
    return entry.wire is not None and entry.payload is not None


def text_references(item: Item) -> tuple[str, ...]:
    """Return the references of an item's text as written, the best form first; empty if it has its text or none.

    Pictures and videos have renditions of their captions and scripts, which are no texts.  A kill needs no text.
    """
    if item.body_html or item.body_text or item.type not in (None, "text") or item.pubstatus == "canceled":
        return ()
    found = {(one.name or "").lower(): one.href for one in reversed(item.renditions)}
    return tuple(found[name] for name in _TEXT_RENDITIONS if name in found)


def text_addresses(entry: Entry) -> tuple[str, ...]:
    """Return the addresses of an entry's text, the best form first; those that are no http(s) URL are left out."""
    if entry.payload is None or entry.item is None:
        return ()
    others = (resolve(entry.payload, one) for one in text_references(entry.item))
    return tuple(dict.fromkeys((entry.payload, *filter(None, others))))
