"""Operations on arrays of hashes (uint64): hashing, sorting, and membership."""

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
    # One call for the sums of the tokens of each run, each with its factor.
    return mix(np.correlate(tokens, _FACTORS[:length], "valid"))


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


def is_in(values: Hashes, others: Hashes) -> Flags:
    """Return for each value whether it is among `others`, which are sorted."""
    if not len(values) or not len(others):
        return np.zeros(len(values), np.bool_)
    places = np.searchsorted(others, values)
    places[places == len(others)] = 0
    found: Flags = others[places] == values
    return found


def shared(values: Hashes, others: Hashes) -> int:
    """Return how many of the values are among `others`, which are sorted."""
    return int(np.count_nonzero(is_in(values, others)))


def unique(values: Hashes) -> tuple[Hashes, Positions]:
    """Return the values that occur once, sorted, and their positions."""
    order = np.argsort(values)
    ordered = values[order]
    differs = np.ones(len(ordered) + 1, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=differs[1:-1])
    once = differs[1:] & differs[:-1]
    return ordered[once], order[once]
