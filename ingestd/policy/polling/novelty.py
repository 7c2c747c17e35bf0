"""What is new in a feed, and what changed, by what was seen before.

Never by date: an entry with an old date is as new as any that was not there yet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from ingestd.model.feed import Entry
from ingestd.text import fold, text_of
from ingestd.times import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """The entries of one poll, by what is to be done about them; in the feed's order."""

    new: tuple[Entry, ...] = ()
    changed: tuple[Entry, ...] = ()
    #: How many were known already, the changed ones among them.
    known: int = 0


def fingerprint(entry: Entry) -> str:
    """Return a hash of what an entry says, which stays while only its furniture changes.

    Headline, summary and content count as folded text, so white space, markup and the case of letters don't.
    `updated` counts, because a page may change while its entry's text does not; `published` doesn't:
    some publishers print the time of the poll there.  Of a wire item what becomes of it counts, too: a kill or a
    new embargo may leave the text as it was.
    """
    parts: tuple[str, ...] = (
        entry.link or "",
        fold(entry.headline or ""),
        fold(entry.description_text or ""),
        fold(text_of(entry.body_html)),
        iso(entry.updated) or "",
    )
    if entry.payload:
        parts += (entry.payload,)
    if entry.item:
        item = entry.item
        parts += (item.version or "", item.pubstatus, iso(item.embargoed) or "", *item.signals)
    return sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()


def pick(entries: Iterable[tuple[Entry, str]], known: Mapping[str, str]) -> Picked:
    """Sort entries, each with its fingerprint, into new ones and changed ones.

    `known` gives the fingerprint last seen for each guid of this source.
    """
    new: dict[str, Entry] = {}
    changed: dict[str, Entry] = {}
    seen = 0
    for entry, mark in entries:
        if entry.guid not in known:
            new.setdefault(entry.guid, entry)
            continue
        seen += 1
        if known[entry.guid] != mark:
            changed.setdefault(entry.guid, entry)
    return Picked(new=tuple(new.values()), changed=tuple(changed.values()), known=seen)
