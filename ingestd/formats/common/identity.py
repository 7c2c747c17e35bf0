"""Guids of entries: the feed's own identifier, else the link, else a hash of the entry's content."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from ingestd import times
from ingestd.model.feed import Entry, IdOrigin
from ingestd.text import collapse

#: Bytes of a guid in UTF-8; a longer one is replaced by its hash, so that it can be indexed.
MAX_GUID = 2_000


def identity_of(
    identifier: str | None,
    link: str | None,
    *,
    headline: str | None,
    description: str | None,
    body: str | None,
    published: datetime | None,
) -> tuple[str, IdOrigin]:
    """Return an entry's guid and its origin."""
    if guid := collapse(identifier):
        return _bounded(guid), "source"
    if link:
        return _bounded(link), "link"
    return _hash(headline, description, body, times.iso(published)), "hash"


def with_unique_guids(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the entries with unique guids, in the same order, and warnings about what was changed.

    Identical entries are kept once.  Some publishers send one guid for different stories.  None of those stories
    keeps it, because the next poll would take the newest for a revision of the one before.  Each gets its link as
    its guid if no other entry has that link, else its hash.
    """
    if len({entry.guid for entry in entries}) == len(entries):
        return tuple(entries), ()
    different = tuple(dict.fromkeys(entries))
    guids = Counter(entry.guid for entry in different)
    links = Counter(entry.link for entry in different)
    by_guid: dict[str, Entry] = {}
    for entry in different:
        unique = entry if guids[entry.guid] == 1 else _with_other_guid(entry, guids, links)
        by_guid.setdefault(unique.guid, unique)
    shared = sum(count > 1 for count in guids.values())
    return tuple(by_guid.values()), _warnings(len(entries) - len(by_guid), shared)


def _with_other_guid(entry: Entry, guids: Counter[str], links: Counter[str | None]) -> Entry:
    link = _bounded(entry.link) if entry.link else ""
    if link and links[entry.link] == 1 and link not in guids:
        return replace(entry, guid=link, id_origin="link")
    guid = _hash(entry.headline, entry.description_text, entry.body_html, times.iso(entry.published))
    return replace(entry, guid=guid, id_origin="hash")


def _warnings(repeated: int, shared: int) -> tuple[str, ...]:
    warnings = []
    if repeated:
        warnings.append(f"duplicate entries were read once: {repeated}")
    if shared:
        warnings.append(f"guids shared by different entries, not used: {shared}")
    return tuple(warnings)


def _bounded(guid: str) -> str:
    return guid if len(guid.encode()) <= MAX_GUID else _hash(guid)


def _hash(*parts: str | None) -> str:
    # Clean text has no NUL, so different parts never join to the same bytes.
    return "sha256:" + sha256("\x00".join(part or "" for part in parts).encode()).hexdigest()
