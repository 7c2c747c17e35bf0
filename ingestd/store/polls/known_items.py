"""Items of the last document of each source: which bytes are which stored entry.

The bytes of an item are known by their hash (`formats.syndication.item_slices`).  A stored item counts only while the
row of its entry is the one that was saved: another document, or a push, may have changed it since.
"""

import struct
from collections.abc import Container, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

#: Items of a source; more are not remembered.
MAX_ITEMS = 1_000

_ITEM = struct.Struct("<Q8s8s")


class Item(NamedTuple):
    """An item whose entry is stored."""

    entry_id: int
    item_hash: bytes
    #: `check_of` its entry.
    check: bytes


class ListedItem(NamedTuple):
    """An item of a document."""

    guid: str
    item_hash: bytes
    check: bytes


def check_of(guid: str, fingerprint: str) -> bytes:
    """Return a hash of an entry's identity and content, 8 bytes."""
    return blake2b(f"{guid}\0{fingerprint}".encode("utf-8", "replace"), digest_size=8).digest()


def encode(items: Iterable[Item]) -> bytes | None:
    """Encode items, at most MAX_ITEMS; None if there are none."""
    return b"".join(_ITEM.pack(*item) for item in [*items][:MAX_ITEMS]) or None


def decode(encoded: bytes | None) -> list[Item]:
    """Return the items that `encode` encoded; none if a newer program encoded them otherwise."""
    if not encoded or len(encoded) % _ITEM.size:
        return []
    return [Item(*values) for values in _ITEM.iter_unpack(encoded)]


def with_ids(listed: Iterable[ListedItem], ids: Mapping[str, int | None]) -> list[Item]:
    """Return items with the ids of their entries, given by guid; those of unknown ids are left out."""
    found = ((ids.get(item.guid), item) for item in listed)
    return [Item(entry_id, item.item_hash, item.check) for entry_id, item in found if entry_id]


def with_others(items: Sequence[Item], others: Iterable[Item]) -> list[Item]:
    """Return items, and behind them the others of other bytes."""
    hashes = {item.item_hash for item in items}
    return [*items, *(other for other in others if other.item_hash not in hashes)]


def latest_of(items: Iterable[Item], entry_ids: Container[int]) -> list[Item]:
    """Return the first item of each of some entries: others are of documents before the last one."""
    found: dict[int, Item] = {}
    for item in items:
        if item.entry_id in entry_ids:
            found.setdefault(item.entry_id, item)
    return [*found.values()]
