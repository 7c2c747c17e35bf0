"""Complete items whose text is by reference, and choose which of several versions to fetch it for."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cmp_to_key

from ingestd.model.feed import Entry
from ingestd.model.item import Item
from ingestd.model.text_references import is_by_reference
from ingestd.policy.wire.version_order import VersionStamp, compare

#: Fields that a rendition fills if the item has them not; its body is always that of the item.
_FILLED = ("dateline", "located", "byline", "headline", "embargoed", "copyrightholder", "copyrightnotice", "usageterms")


def with_text_of(item: Item, rendition: Item) -> Item:
    """Return an item with the text of its rendition, which also fills what the item does not say.

    The stricter status holds, and the signals of both: an embargo or a kill may be stated in the text alone.
    """
    filled = {name: getattr(rendition, name) for name in _FILLED if getattr(item, name) in (None, "")}
    if not item.authors and not item.byline:
        filled["authors"] = rendition.authors
    return replace(
        item,
        body_html=rendition.body_html,
        body_text=rendition.body_text,
        pubstatus=item.pubstatus if rendition.pubstatus == "usable" else rendition.pubstatus,
        signals=tuple(dict.fromkeys((*item.signals, *rendition.signals))),
        ednotes=item.ednotes or rendition.ednotes,
        **filled,
    )


def without_references(item: Item) -> Item:
    """Return an item without the addresses of its renditions, which may be other ones in each answer."""
    associations = tuple(replace(one, renditions=()) for one in item.associations)
    return replace(item, renditions=(), associations=associations)


def newest_by_reference(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return entries with at most one by reference for each guid: the newest version, before all others of its guid.

    An entry has one text to fetch; an older version of it is left out, also where the newest has its text or is a kill.
    """
    entries = tuple(entries)
    guids = {entry.guid for entry in entries if is_by_reference(entry)}
    if not guids:
        return entries
    newest: dict[str, Entry] = {}
    for entry in entries:
        before = newest.get(entry.guid)
        if entry.guid in guids and (before is None or _ORDER(entry) >= _ORDER(before)):
            newest[entry.guid] = entry
    kept: dict[int, Entry] = {}
    for entry in entries:
        first = newest.get(entry.guid)
        if first is not None and is_by_reference(first):
            kept.setdefault(id(first), first)
        if not is_by_reference(entry):
            kept.setdefault(id(entry), entry)
    return tuple(kept.values())


def _compared(one: Entry, other: Entry) -> int:
    return compare(_stamp(one), _stamp(other)) or 0


def _stamp(entry: Entry) -> VersionStamp:
    item = entry.item
    return VersionStamp(version=item.version if item else None, versioncreated=entry.updated)


_ORDER = cmp_to_key(_compared)
