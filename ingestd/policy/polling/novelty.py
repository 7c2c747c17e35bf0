"""Pick the new and the changed entries of a feed, by comparison with the known ones.

Dates are ignored: an unknown entry is new whatever its date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from ingestd.model.feed import Entry
from ingestd.model.markup import text_of
from ingestd.text import fold
from ingestd.times import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAndChanged:
    """The new and the changed entries of one poll, in the feed's order."""

    new: tuple[Entry, ...] = ()
    changed: tuple[Entry, ...] = ()
    #: The number of entries known before, the changed ones included.
    known: int = 0


def fingerprint(entry: Entry) -> str:
    """Return a hash of an entry's content that ignores changes of form.

    Headline, summary and content are hashed as folded text, without white space, markup and letter case.
    `updated` is hashed, because a page may change while the text of its entry does not; `published` is not, because
    some publishers put the time of the poll there.  For a wire item, version, status, embargo and signals are hashed
    too: a kill or a new embargo may leave the text as it was.
    """
    fields: tuple[str, ...] = (
        entry.link or "",
        fold(entry.headline or ""),
        fold(entry.description_text or ""),
        fold(text_of(entry.body_html)),
        iso(entry.updated) or "",
    )
    if entry.payload:
        fields += (entry.payload,)
    if entry.item:
        item = entry.item
        fields += (item.version or "", item.pubstatus, iso(item.embargoed) or "", *item.signals)
    return sha256("\x1f".join(fields).encode("utf-8", "replace")).hexdigest()


def pick(entries: Iterable[tuple[Entry, str]], known: Mapping[str, str]) -> NewAndChanged:
    """Pick the new and the changed of `entries`, each given with its fingerprint.

    `known` maps the guids of this source to the fingerprints last seen.
    """
    new: dict[str, Entry] = {}
    changed: dict[str, Entry] = {}
    known_count = 0
    for entry, current in entries:
        if entry.guid not in known:
            new.setdefault(entry.guid, entry)
            continue
        known_count += 1
        if known[entry.guid] != current:
            changed.setdefault(entry.guid, entry)
    return NewAndChanged(new=tuple(new.values()), changed=tuple(changed.values()), known=known_count)
