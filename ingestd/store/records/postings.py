"""Blocks of an inverted index: sorted keys, each with the numbers of the revisions that have it.

A key is a term, or a term with the control character of a ranking mark after it, so that a term and its marks are
neighbours.  A block is a format byte and a zstd frame: a header, the count of numbers of each key, their differences,
and the keys, separated by line feeds.  The bytes of counts and differences are ordered by their place, since the higher
ones are mostly zeros.
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import sub
from struct import Struct

import zstandard

from ingestd.policy.articles.index_entry import HEADLINE_MARK, OFTEN_MARK

#: What a key has after the term for a mark that the term has before it; below all characters of terms.
HEADLINE, OFTEN = "\x01", "\x02"

#: Above every character of a key.
LAST = "\U0010ffff"

_FORMAT = b"\x01"
_HEADER = Struct("<QII")  # what the numbers are counted from, keys, numbers
_WIDTH = 4  # bytes of a count or difference
_LEVEL = 9

#: Keys and numbers of a block, about, in bytes and items; compressed, it has 4 kB.
_SIZE = 7_000


def keys(terms: str) -> Iterator[str]:
    """Yield the keys of an index entry's terms."""
    for term in terms.split(" "):
        if term.startswith(HEADLINE_MARK):
            yield term.removeprefix(HEADLINE_MARK) + HEADLINE
        elif term.startswith(OFTEN_MARK):
            yield term.removeprefix(OFTEN_MARK) + OFTEN
        elif term:
            yield term


def inverted(entries: Mapping[int, str]) -> list[tuple[str, list[int]]]:
    """Return the keys of index entries (number → terms) in order, each with the numbers that have it, in order."""
    found: dict[str, list[int]] = {}
    for number in sorted(entries):
        for key in keys(entries[number]):
            found.setdefault(key, []).append(number)
    return sorted(found.items())


def merged(
    parts: Iterable[Iterable[tuple[str, Sequence[int]]]], kept: set[int] | None = None
) -> list[tuple[str, Sequence[int]]]:
    """Merge lists of keys with numbers into one, of the numbers in `kept` (None: of all)."""
    found: dict[str, Sequence[int]] = {}
    for part in parts:
        for key, numbers in part:
            before = found.get(key)
            found[key] = numbers if before is None else [*before, *numbers]
    left = ((key, numbers if kept is None else kept.intersection(numbers)) for key, numbers in sorted(found.items()))
    return [(key, sorted(numbers)) for key, numbers in left if numbers]


class Packer:
    """Packs keys, given in order, into blocks; `base` is below every number by less than 2**32."""

    def __init__(self, base: int) -> None:
        self._base = base
        self._clear()

    def _clear(self) -> None:
        self._keys: list[str] = []
        self._counts = array("I")
        self._differences = array("I")
        self._size = 0

    def add(self, items: Iterable[tuple[str, Sequence[int]]]) -> Iterator[tuple[str, bytes]]:
        """Add keys with their numbers in order; yields the blocks that are full, each with its first key."""
        for key, numbers in items:
            self._keys.append(key)
            self._counts.append(len(numbers))
            self._differences.append(numbers[0] - self._base)
            self._differences.extend(map(sub, numbers[1:], numbers))
            self._size += len(key) + 1 + len(numbers)
            if self._size >= _SIZE:
                yield self._block()

    def finish(self) -> Iterator[tuple[str, bytes]]:
        """Yield the last block, unless it is empty."""
        if self._keys:
            yield self._block()

    def _block(self) -> tuple[str, bytes]:
        header = _HEADER.pack(self._base, len(self._counts), len(self._differences))
        data = header + _planes(self._counts) + _planes(self._differences) + "\n".join(self._keys).encode()
        first = self._keys[0]
        self._clear()
        return first, _FORMAT + zstandard.ZstdCompressor(level=_LEVEL).compress(data)


def lookup(block: bytes, low: str = "", high: str = LAST) -> Iterator[tuple[str, list[int]]]:
    """Yield the keys of a block from `low` to `high`, with their numbers; raises ValueError or ZstdError."""
    if block[:1] != _FORMAT:
        raise ValueError(f"format {block[:1].hex() or 'none'} is not known to this program")
    data = zstandard.ZstdDecompressor().decompress(block[1:])
    base, keys_, numbers = _HEADER.unpack_from(data)
    counts_end = _HEADER.size + keys_ * _WIDTH
    end = counts_end + numbers * _WIDTH
    names = data[end:].decode().split("\n")
    first, last = bisect_left(names, low), bisect_right(names, high)
    if first == last:
        return
    counts = _from_planes(data[_HEADER.size : counts_end])
    differences = _from_planes(data[counts_end:end])
    start = sum(counts[:first])
    for name, count in zip(names[first:last], counts[first:last], strict=True):
        yield name, [*accumulate(differences[start : start + count], initial=base)][1:]
        start += count


def _planes(values: "array[int]") -> bytes:
    if sys.byteorder == "big":
        values = array("I", values)
        values.byteswap()
    data = values.tobytes()
    return b"".join(data[place::_WIDTH] for place in range(_WIDTH))


def _from_planes(data: bytes) -> "array[int]":
    length = len(data) // _WIDTH
    joined = bytearray(len(data))
    for place in range(_WIDTH):
        joined[place::_WIDTH] = data[place * length : (place + 1) * length]
    values = array("I", bytes(joined))
    if sys.byteorder == "big":
        values.byteswap()
    return values


def pack_numbers(numbers: Sequence[int]) -> bytes:
    """Return sorted numbers, at least one, as a block with one key."""
    packer = Packer(numbers[0])
    return [*packer.add([("", numbers)]), *packer.finish()][0][1]


def unpack_numbers(block: bytes) -> list[int]:
    """Return the numbers that `pack_numbers` packed."""
    return next(iter(lookup(block)))[1]
