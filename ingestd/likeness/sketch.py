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

from ingestd.likeness.arrays import LOW_48, Hashes, Positions, distinct, mix, windows
from ingestd.likeness.characters import (
    ALONE,
    CAPITAL,
    DIGIT,
    END,
    WORD,
    CodePoints,
    characters,
    form,
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
_LINE = ord("\n")
_WORD, _ALONE, _CAPITAL, _DIGIT, _END = map(np.uint8, (WORD, ALONE, CAPITAL, DIGIT, END))
_BELOW_SCALE = np.uint64(SCALE - 1)


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

    def words(self, first: int, end: int) -> list[str]:
        """Return the tokens from one to before another as written."""
        bounds = zip(self.starts[first:end].tolist(), self.ends[first:end].tolist(), strict=True)
        return [self.text[start:last] for start, last in bounds]


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
    if not text:
        return _NOTHING
    text, points, kinds = form(text[:LONGEST], LONGEST)
    starts, ends = _bounds(kinds)
    if not len(starts):
        return replace(_NOTHING, text=text)
    tokens = _token_hashes(points, starts, ends, _keyed(base))
    initials = kinds[2:][starts]
    return of_tokens(
        text,
        starts=starts.astype(np.int32),
        ends=ends.astype(np.int32),
        tokens=tokens,
        facts=_facts(points, kinds, starts, ends, initials),
        length=CHARACTERS if np.count_nonzero(initials & _ALONE) * 2 > len(starts) else WORDS,
    )


def of_tokens(
    text: str,
    *,
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    tokens: Hashes,
    facts: NDArray[np.uint8],
    length: int,
) -> Sketch:
    """Return a sketch, from what does not follow from its tokens."""
    rolling = windows(tokens, length)
    rolling &= LOW_48
    shingles = distinct(rolling)
    return Sketch(
        text=text,
        starts=starts,
        ends=ends,
        tokens=tokens,
        facts=facts,
        length=length,
        rolling=rolling,
        shingles=shingles,
        sampled=shingles if len(shingles) <= SMALL else shingles[(shingles & _BELOW_SCALE) == 0],
    )


def _bounds(kinds: NDArray[np.uint8]) -> tuple[Positions, Positions]:
    """Return where tokens begin and end: runs of characters of words, or single ones of a script without spaces.

    `kinds` is `Form.kinds`; positions are those in the text.
    """
    is_word = (kinds[1:] & _WORD).view(np.bool_)
    if not np.bitwise_or.reduce(kinds) & _ALONE:
        # Runs begin and end in turn.
        changes = (is_word[1:] != is_word[:-1]).nonzero()[0]
        return changes[::2], changes[1::2]
    is_alone = (kinds[1:] & _ALONE) > 0
    apart = is_alone[1:] | is_alone[:-1] | (is_word[1:] != is_word[:-1])
    return (apart[:-1] & is_word[1:-1]).nonzero()[0], (apart[1:] & is_word[1:-1]).nonzero()[0] + 1


def _token_hashes(points: CodePoints, starts: Positions, ends: Positions, keyed: _Keyed) -> Hashes:
    sums = np.zeros(len(points) + 1, np.uint64)
    letters = sums[1:]
    np.take(keyed.letters, points, out=letters, mode="clip")
    letters *= keyed.powers[: len(points)]
    np.add.accumulate(letters, out=letters)
    hashes: Hashes = sums[ends]
    hashes -= sums[starts]
    hashes *= keyed.inverses[starts]
    return mix(hashes)


def _facts(
    points: CodePoints,
    kinds: NDArray[np.uint8],
    starts: Positions,
    ends: Positions,
    initials: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Return which tokens are numbers and which are names: a capital that does not begin a sentence or a line.

    `initials` are the kinds of their first characters.
    """
    marked = np.zeros(len(starts), np.uint8)
    capitals = ((initials & _CAPITAL) != 0).nonzero()[0]
    first = starts[capitals]
    is_name = (ends[capitals] - first >= _SHORTEST_NAME) & ((kinds[first] & _END) == 0)
    is_name &= points[np.maximum(first - 1, 0)] != _LINE
    marked[capitals[is_name]] = NAME
    marked[(np.bitwise_or.reduceat(kinds[2:], starts) & _DIGIT) != 0] = NUMBER
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
