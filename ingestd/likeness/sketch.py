"""Sketch of a text: its tokens and shingles as hashes, made by numpy without a loop over characters.

A token's hash is a polynomial over its small letters, cut out of one running sum over the whole text (after Karp and
Rabin); a shingle's is a sum of five of them with factors, mixed.  The base of the polynomial is a secret of the
installation, so that nobody can write texts whose hashes collide there.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingestd.likeness.arrays import LOW_48, Hashes, distinct, mix, windows
from ingestd.likeness.characters import (
    ALONE,
    CAPITAL,
    DIGIT,
    END,
    POINT,
    WORD,
    characters,
    code_points,
    comparison_form,
)

#: Characters that are read; a longer text would be a book.
LONGEST = 120_000
#: Tokens of a shingle: words, or characters where a text is written without spaces.
WORDS, CHARACTERS = 5, 8
#: A text with no more distinct shingles is sampled whole, a longer one 1 in `SCALE` (FracMinHash).
SMALL, SCALE = 64, 4
#: Kinds of facts: a number, a name.
NUMBER, NAME = 1, 2
#: Characters of a name.
_SHORTEST_NAME = 3
_TWO_ENDS = np.full(2, END, np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sketch:
    """A text as hashes, for one base.  Arrays by token are in the order of the text; treat all as immutable."""

    #: The comparison form, letter case kept; token n is `text[starts[n]:ends[n]]`.
    text: str
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    #: Hash of each token.
    tokens: Hashes
    #: 0, NUMBER or NAME.
    facts: NDArray[np.uint8]
    #: Tokens of a shingle.
    length: int
    #: The shingle, of 48 bits, that begins at each token; `length - 1` fewer than tokens.
    rolling: Hashes
    #: The distinct shingles, sorted.
    shingles: Hashes
    #: Those that are indexed, sorted: all of a small text, otherwise those divisible by `SCALE`.
    sampled: Hashes

    @property
    def is_small(self) -> bool:
        """Whether all shingles are sampled."""
        return len(self.shingles) <= SMALL

    @property
    def is_by_character(self) -> bool:
        """Whether most tokens are single characters of a script without spaces."""
        return self.length == CHARACTERS

    def word(self, token: int) -> str:
        """Return a token as written."""
        return self.text[self.starts[token] : self.ends[token]]


class _Keyed(NamedTuple):
    """Tables of one base."""

    #: A number for each code point, the same for a capital and its small letter.
    letters: Hashes
    #: Powers of the base and of its inverse modulo 2 ** 64.
    powers: Hashes
    inverses: Hashes


@lru_cache(maxsize=2)
def _keyed(base: int) -> _Keyed:
    # An even number has no inverse modulo 2 ** 64.
    odd = (base | 1) & ((1 << 64) - 1)
    letters = mix(characters().folded.astype(np.uint64) * np.uint64(odd) + np.uint64(1))
    return _Keyed(letters, _powers(odd), _powers(pow(odd, -1, 1 << 64)))


def _powers(base: int) -> Hashes:
    powers = np.full(LONGEST + 1, base, np.uint64)
    powers[0] = 1
    product: Hashes = np.multiply.accumulate(powers)
    return product


def sketch(text: str, base: int) -> Sketch:
    """Return the sketch of a text of at most `LONGEST` characters; what follows is not read.

    `base` is the secret number of the installation, of which the lower 64 bits count.
    """
    text = comparison_form(text[:LONGEST])[:LONGEST]
    points = code_points(text)
    kinds = _kinds(points)
    starts, ends = _bounds(kinds, ascii_only=text.isascii())
    if not len(starts):
        return _NOTHING if not text else replace(_NOTHING, text=text)
    tokens = _token_hashes(points, starts, ends, _keyed(base))
    alone = np.count_nonzero(kinds[starts] & ALONE)
    length = CHARACTERS if alone * 2 > len(starts) else WORDS
    rolling = windows(tokens, length) & LOW_48
    shingles = distinct(rolling)
    return Sketch(
        text=text,
        starts=starts.astype(np.int32),
        ends=ends.astype(np.int32),
        tokens=tokens,
        facts=_facts(points, kinds, starts, ends),
        length=length,
        rolling=rolling,
        shingles=shingles,
        sampled=shingles if len(shingles) <= SMALL else shingles[shingles % np.uint64(SCALE) == 0],
    )


def _kinds(points: NDArray[np.uint8] | NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return the kind of each character; a point between digits belongs to the number."""
    kinds: NDArray[np.uint8] = characters().kinds[points]
    digits = kinds & DIGIT
    inner = np.flatnonzero((kinds[1:-1] & POINT > 0) & ((digits[:-2] & digits[2:]) > 0)) + 1
    kinds[inner] = WORD | DIGIT
    return kinds


def _bounds(kinds: NDArray[np.uint8], *, ascii_only: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where tokens begin and end: runs of characters of words, or single ones of a script without spaces."""
    is_word = (kinds & WORD) > 0
    begins, finishes = is_word.copy(), is_word.copy()
    if len(kinds) > 1:
        is_apart = ~is_word
        if ascii_only:
            begins[1:] &= is_apart[:-1]
            finishes[:-1] &= is_apart[1:]
        else:
            is_alone = (kinds & ALONE) > 0
            edges = is_alone[1:] | is_alone[:-1]
            begins[1:] &= is_apart[:-1] | edges
            finishes[:-1] &= is_apart[1:] | edges
    return np.flatnonzero(begins), np.flatnonzero(finishes) + 1


def _token_hashes(
    points: NDArray[np.uint8] | NDArray[np.uint32],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    keyed: _Keyed,
) -> Hashes:
    letters = keyed.letters[points]
    letters *= keyed.powers[: len(points)]
    sums = np.zeros(len(points) + 1, np.uint64)
    np.cumsum(letters, out=sums[1:])
    return mix((sums[ends] - sums[starts]) * keyed.inverses[starts])


def _facts(
    points: NDArray[np.uint8] | NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Return which tokens are numbers and which are names: a capital that does not begin a sentence or a line."""
    # Two line ends before the text, so that its first token begins a line.
    padded = np.concatenate((_TWO_ENDS, kinds))
    is_initial = (padded[starts] & END) > 0
    is_initial |= points[np.maximum(starts - 1, 0)] == ord("\n")
    facts = ((kinds[starts] & CAPITAL) > 0) & (ends - starts >= _SHORTEST_NAME) & ~is_initial
    marked: NDArray[np.uint8] = facts.view(np.uint8) * np.uint8(NAME)
    marked[(np.bitwise_or.reduceat(kinds, starts) & DIGIT) > 0] = NUMBER
    return marked


_NO_HASHES: Hashes = np.zeros(0, np.uint64)
_NOTHING = Sketch(
    text="",
    starts=np.zeros(0, np.int32),
    ends=np.zeros(0, np.int32),
    tokens=_NO_HASHES,
    facts=np.zeros(0, np.uint8),
    length=WORDS,
    rolling=_NO_HASHES,
    shingles=_NO_HASHES,
    sampled=_NO_HASHES,
)
