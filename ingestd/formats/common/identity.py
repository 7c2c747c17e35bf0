"""Which entry is which: the feed's own identifier, else the link, else a hash of what the entry says."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from ingestd import times
from ingestd.model.feed import Entry, IdOrigin
from ingestd.text import collapse

#: Characters of an identifier; a longer one is replaced by its hash, so that it can be indexed.
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
    """Return an entry's guid, and where it comes from."""
    if guid := collapse(identifier):
        return _bounded(guid), "source"
    if link:
        return _bounded(link), "link"
    return _hash(headline, description, body, times.iso(published)), "hash"


def with_unique_guids(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return entries whose guids differ, in the same order, and a warning for what was done about it.

    What was sent twice without a difference is kept once.  Publishers send one guid for different stories;
    none of those keeps it: the next poll would take the newest story for a revision of the one before.
    Each is then known by its link where no other has it, else by its hash.
    """
    if len({entry.guid for entry in entries}) == len(entries):
        return tuple(entries), ()
    different = tuple(dict.fromkeys(entries))
    guids = Counter(entry.guid for entry in different)
    links = Counter(entry.link for entry in different)
    known: dict[str, Entry] = {}
    for entry in different:
        own = entry if guids[entry.guid] == 1 else _otherwise_known(entry, guids, links)
        known.setdefault(own.guid, own)
    shared = sum(count > 1 for count in guids.values())
    return tuple(known.values()), _warnings(len(entries) - len(known), shared)


def _otherwise_known(entry: Entry, guids: Counter[str], links: Counter[str | None]) -> Entry:
    link = _bounded(entry.link) if entry.link else ""
    if link and links[entry.link] == 1 and link not in guids:
        return replace(entry, guid=link, id_origin="link")
    guid = _hash(entry.headline, entry.description_text, entry.body_html, times.iso(entry.published))
    return replace(entry, guid=guid, id_origin="hash")


def _warnings(repeated: int, shared: int) -> tuple[str, ...]:
    said = []
    if repeated:
        said.append(f"left out what was sent before in the same document: {repeated}")
    if shared:
        said.append(f"identifiers that different entries share, not used: {shared}")
    return tuple(said)


def _bounded(guid: str) -> str:
    return guid if len(guid.encode()) <= MAX_GUID else _hash(guid)


def _hash(*parts: str | None) -> str:
    # Clean text has no NUL, so no two different entries join to the same bytes.
    return "sha256:" + sha256("\x00".join(part or "" for part in parts).encode()).hexdigest()
