"""A document of wire items as a feed of entries."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from ingestd.formats.common import fields
from ingestd.formats.common.cursors import with_direction
from ingestd.formats.common.item_draft import ItemDraft, entry_of, item_of
from ingestd.model.feed import Entry, Feed
from ingestd.model.source import Cursor


def feed_of(
    name: str, entries: Sequence[Entry], warnings: tuple[str, ...] = (), *, cursor: Cursor | None = None
) -> Feed:
    """Return entries as a feed in their own order; what was sent twice without a difference is kept once.

    Versions of one item share their guid; the feed has each of them.  `cursor` is where the list goes on; a next page
    counts as newer where the order of the entries says so.
    """
    if len(entries) > 1 and len({entry.guid for entry in entries}) < len(entries):
        entries = tuple(dict.fromkeys(entries))
    cursor = with_direction(cursor, entries)
    older = cursor.url if cursor and cursor.kind == "older" else None
    return Feed(format=name, entries=tuple(entries), next_page=older, cursor=cursor, warnings=warnings)


def read_entries(
    name: str, parts: Iterable[Any], read: Callable[[ItemDraft, Any], None]
) -> tuple[list[Entry], tuple[str, ...]]:
    """Read each part of a document into an entry, at most MAX_ENTRIES of them, with warnings for what was left out.

    `name` is the wire format's, and becomes the entries' own (`Entry.wire`).
    A part that cannot be read costs only itself.
    """
    entries: list[Entry] = []
    lost = 0
    parts = iter(parts)
    for part in islice(parts, fields.MAX_ENTRIES):
        draft = ItemDraft()
        try:
            read(draft, part)
        except (UnicodeDecodeError, RecursionError):  # lxml, for bytes that libxml2 let pass; what nests without end
            lost += 1
            continue
        entries.append(entry_of(item_of(draft), wire=name))
    warnings = []
    if lost:
        warnings.append(f"items that could not be read, left out: {lost}")
    if any(True for _ in parts):
        warnings.append(f"items beyond {fields.MAX_ENTRIES} left out")
    return entries, tuple(warnings)
