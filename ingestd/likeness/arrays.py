"""Operations on arrays of hashes (uint64): hashing, sorting, and membership."""

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]
Positions: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

#: The lower 48 bits, which fit into a signed 64-bit column.
LOW_48 = np.uint64((1 << 48) - 1)
_MULTIPLIER = 0xD6E8FEB86659FD93
_FACTORS = np.array([pow(_MULTIPLIER, power, 1 << 64) for power in range(1, 9)], np.uint64)
#: Bits of the places of values in `unique_in_both`; how many of them are kept.
_BELOW_PLACES = np.uint64((1 << 18) - 1)
_ABOVE_PLACES = ~_BELOW_PLACES
_PLACES = 1 << 12
_S2, _S3, _S26 = np.uint64(2), np.uint64(3), np.uint64(26)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mix(values: Hashes) -> Hashes:
    """Return the values with all bits mixed (the finaliser of SplitMix64)."""
    mixed = values ^ (values >> _S30)
    mixed *= _M1
    mixed ^= mixed >> _S27
    mixed *= _M2
    mixed ^= mixed >> _S31
    return mixed


def windows(tokens: Hashes, length: int) -> Hashes:
    """Return a hash, of 64 bits, of each run of `length` tokens (at most 8), in order."""
    if len(tokens) < length:
        return np.zeros(0, np.uint64)
    return mix(sums_of_windows(tokens, length))


def sums_of_windows(tokens: Hashes, length: int) -> Hashes:
    """Return a sum that tells runs of `length` tokens apart (at most 8, and no fewer than there are), in order."""
    sums: Hashes = np.correlate(tokens, _FACTORS[:length], "valid")
    return sums


def distinct(values: Hashes) -> Hashes:
    """Return the values sorted, each once."""
    ordered = values.copy()
    ordered.sort()
    if len(ordered) < 2:
        return ordered
    is_first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    once: Hashes = ordered[is_first]
    return once


def shortened(hashes: Hashes) -> Hashes:
    """Return hashes of 48 bits as sorted numbers of 24, which are enough within one story.

    The upper 22 bits, by which the index finds the hash; then the lower 2, by which a text is sampled.
    """
    short: Hashes = (hashes >> _S26) << _S2 | hashes & _S3
    short.sort()
    return short


def is_in(values: Hashes, others: Hashes) -> Flags:
    """Return for each value whether it is among `others`, which are sorted."""
    if not len(others):
        return np.zeros(len(values), np.bool_)
    # A value above all others is compared with the last one.
    found: Flags = others.take(others.searchsorted(values), mode="clip") == values
    return found


def shared(values: Hashes, others: Hashes) -> int:
    """Return how many of the values are among `others`, which are sorted."""
    return int(np.count_nonzero(is_in(values, others)))


def unique_in_both(first: Hashes, second: Hashes) -> tuple[Positions, Positions]:
    """Return where the values stand that occur once in each of two arrays, in the order of the first.

    Values whose upper 46 bits are equal count as equal; an array has at most 131,072.
    """
    count = len(first)
    # Equal values become neighbours, with their places in their lower bits: sorting is faster than sorting places.
    keys = np.concatenate((first, second))
    keys &= _ABOVE_PLACES
    keys |= _places(max(_PLACES, 1 << len(keys).bit_length()))[: len(keys)]
    keys.sort()
    equal = np.zeros(len(keys) + 1, np.bool_)
    np.less_equal(keys[1:] ^ keys[:-1], _BELOW_PLACES, out=equal[1:-1])
    pairs = (equal[1:-1] > (equal[:-2] | equal[2:])).nonzero()[0]
    keys &= _BELOW_PLACES
    places = keys.view(np.int64)
    one, other = places[pairs], places[pairs + 1]
    is_both = (one < count) & (other >= count)
    matched = np.full(count, -1)
    matched[one[is_both]] = other[is_both] - count
    ours = (matched >= 0).nonzero()[0]
    return ours, matched[ours]


@lru_cache(maxsize=2)
def _places(count: int) -> Hashes:
    return np.arange(count, dtype=np.uint64)
