"""A filter of the pairs of terms that follow one another in a text: most texts without a phrase need not be read.

It is a Bloom filter (Burton H. Bloom, 1970): each pair sets two bits at places that its hash gives, among six bits for
each pair.  A text with the phrase has all bits of the phrase's pairs; one without has both bits of a pair in 8 of 100
cases, so the texts that are left are compared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

_BITS_A_PAIR = 6

#: Pairs of a phrase that are looked up; more would hardly leave fewer texts.
_MAX_PAIRS = 6

#: Odd multipliers that spread the hashes of two terms over 64 bits, and not in the same way.
_FIRST, _SECOND, _MASK = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 2**64 - 1


@dataclass(frozen=True, slots=True)
class Probe:
    """A bit of a filter: in the byte `number` modulo the filter's length, the one that `mask` has."""

    number: int
    mask: int


def phrase_filter(parts: Iterable[Sequence[str]]) -> bytes:
    """Return the filter of a text's parts, each the terms in their order; a phrase does not reach into another part.

    Stored filters are never made again: whoever changes this has to convert them.
    """
    pairs: set[int] = set()
    for part in parts:
        hashes = {term: crc32(term.encode()) for term in set(part)}
        pairs.update(hashes[first] * _FIRST + hashes[second] * _SECOND & _MASK for first, second in pairwise(part))
    size = len(pairs) * _BITS_A_PAIR // 8 + 1
    bits = bytearray(size)
    for pair in pairs:
        bits[(pair >> 45) % size] |= 1 << (pair >> 42 & 7)
        bits[(pair >> 23 & 0x7FFFF) % size] |= 1 << (pair >> 20 & 7)
    return bytes(bits)


def probes(phrase: Sequence[str]) -> list[Probe]:
    """Return the bits that the filter of a text has if these terms follow one another in it."""
    found: dict[Probe, None] = {}
    for first, second in list(pairwise(phrase))[:_MAX_PAIRS]:
        pair = crc32(first.encode()) * _FIRST + crc32(second.encode()) * _SECOND & _MASK
        for number, bit in ((pair >> 45, pair >> 42 & 7), (pair >> 23 & 0x7FFFF, pair >> 20 & 7)):
            found[Probe(number, 1 << bit)] = None
    return list(found)
