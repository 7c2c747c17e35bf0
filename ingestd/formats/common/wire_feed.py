"""Build a feed from a document of wire items."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from ingestd.formats.common import fields
from ingestd.formats.common.item_draft import ItemDraft, entry_of, item_of
from ingestd.model.feed import Entry, Feed, with_direction
from ingestd.model.source import Cursor


def feed_of(
    name: str, entries: Sequence[Entry], warnings: tuple[str, ...] = (), *, cursor: Cursor | None = None
) -> Feed:
    """Return a feed of the entries, in their order; identical entries are kept once.

    Versions of one item share their guid and are all kept.  `cursor` is the list's cursor; a next page becomes
    "newer" if the entries are listed oldest first.
    """
    if len(entries) > 1 and len({entry.guid for entry in entries}) < len(entries):
        entries = tuple(dict.fromkeys(entries))
    cursor = with_direction(cursor, entries)
    older = cursor.url if cursor and cursor.kind == "older" else None
    return Feed(format=name, entries=tuple(entries), next_page=older, cursor=cursor, warnings=warnings)


def read_entries(
    name: str, sources: Iterable[Any], read: Callable[[ItemDraft, Any], None]
) -> tuple[list[Entry], tuple[str, ...]]:
    """Return an entry for each source (an element, object or message), at most MAX_ENTRIES, and warnings.

    `name` is the wire format and becomes `Entry.wire`.  `read` reads one source into a draft.
    A source that cannot be read is left out with a warning; the others are kept.
    """
    entries: list[Entry] = []
    unreadable = 0
    sources = iter(sources)
    for source in islice(sources, fields.MAX_ENTRIES):
        draft = ItemDraft()
        try:
            read(draft, source)
        except (UnicodeDecodeError, RecursionError):  # bytes that libxml2 accepted and lxml cannot decode; deep nesting
            unreadable += 1
            continue
        entries.append(entry_of(item_of(draft), wire=name))
    warnings = []
    if unreadable:
        warnings.append(f"unreadable items left out: {unreadable}")
    if any(True for _ in sources):
        warnings.append(f"items beyond {fields.MAX_ENTRIES} left out")
    return entries, tuple(warnings)
