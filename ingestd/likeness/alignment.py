"""Passages that two texts share in parallel, and facts that differ where they do."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ingestd.likeness.arrays import Flags, Positions, sums_of_windows, unique_in_both
from ingestd.likeness.sketch import NAME, NUMBER, Sketch

#: Tokens that are unique in both texts and anchor a run.
_ANCHOR = 3
#: Tokens compared one by one where a run is extended; then so many at once, and four times as many each time they are
#: equal.
_ONE_BY_ONE, _STEP = 6, 16
#: Tokens of a gap between runs in which numbers are compared, and names.
_GAP_OF_NUMBERS, _GAP_OF_NAMES = 24, 8
#: Numbers that clash in one gap, at most.
_MOST_NUMBERS = 4
#: Weight of a name; a number weighs 1.
_NAME_WEIGHT = 0.5
#: Likeness of spellings (difflib) from which two names are one, misspelt.
_SAME_NAME = 0.6
#: Letters of a name, at least.
_SHORTEST_NAME = 3
#: Characters of a changed fact, and changed facts, that are kept.
_MAX_FACT, _MAX_CHANGED = 60, 12


class Run(NamedTuple):
    """A run of tokens that two texts share: where it begins in each, and its length."""

    first: int
    second: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts in parallel passages; a number weighs 1, a name one half."""

    clashes: float = 0.0
    agreeing: float = 0.0
    #: Facts that clash, as (in the first text, in the second).
    changed: tuple[tuple[str, str], ...] = ()

    @property
    def total(self) -> float:
        """Weight of all facts."""
        return self.clashes + self.agreeing


def parallel_runs(first: Sketch, second: Sketch) -> list[Run]:
    """Return the runs of tokens that two texts share, in the order of the first; they do not overlap there.

    A run is anchored where three tokens occur once in each text.
    """
    if min(len(first.tokens), len(second.tokens)) < _ANCHOR:
        return []
    ours, theirs = unique_in_both(*(sums_of_windows(one.tokens, _ANCHOR) for one in (first, second)))
    if not len(ours):
        return []
    breaks = ((ours[1:] - ours[:-1] != 1) | (theirs[1:] - theirs[:-1] != 1)).nonzero()[0]
    begins = np.zeros(len(breaks) + 1, np.int64)
    begins[1:] = breaks + 1
    ends = np.full(len(begins), len(ours) - 1)
    ends[:-1] = breaks
    starts, matches, lengths = ours[begins], theirs[begins], ends - begins + _ANCHOR
    longer = _next_is_equal(first, second, starts + lengths, matches + lengths).tolist()
    runs: list[Run] = []
    for start, matched, length, extends in zip(
        starts.tolist(), matches.tolist(), lengths.tolist(), longer, strict=True
    ):
        last = runs[-1] if runs else None
        if last and start - matched == last.first - last.second and start <= last.first + last.length:
            runs[-1] = Run(last.first, last.second, start + length - last.first)
        else:
            extra = _equal_ahead(first, second, start + length, matched + length) if extends else 0
            runs.append(Run(start, matched, length + extra))
    return runs


def _next_is_equal(first: Sketch, second: Sketch, ours: Positions, theirs: Positions) -> Flags:
    """Return at which pairs of positions both texts have a token, the same."""
    inside = (ours < len(first.tokens)) & (theirs < len(second.tokens))
    inside[inside] = first.tokens[ours[inside]] == second.tokens[theirs[inside]]
    return inside


def _equal_ahead(first: Sketch, second: Sketch, start: int, matched: int) -> int:
    """Return how many tokens from two positions on are equal; they are not unique, or they would have been anchors."""
    most = min(len(first.tokens) - start, len(second.tokens) - matched)
    one, other = first.tokens.item, second.tokens.item
    for place in range(min(most, _ONE_BY_ONE)):
        if one(start + place) != other(matched + place):
            return place
    ours, theirs = first.tokens[start:], second.tokens[matched:]
    begin, step = min(most, _ONE_BY_ONE), _STEP
    while begin < most:
        end = min(most, begin + step)
        differs = ours[begin:end] != theirs[begin:end]
        first_different = int(differs.argmax())
        if differs[first_different]:
            return begin + first_different
        begin, step = end, 4 * step
    return most


def facts(first: Sketch, second: Sketch, runs: Sequence[Run] | None = None) -> Facts:
    """Compare the facts of two texts where they run in parallel.

    Between two shared runs each text has something of its own: numbers there that the other does not have clash, pair
    by pair; names do where the gap is short and they are spelt quite differently.
    """
    runs = parallel_runs(first, second) if runs is None else runs
    if not runs:
        return Facts()
    # Bytes are counted and looked through faster than small arrays.
    ours, theirs = first.facts.tobytes(), second.facts.tobytes()
    shared = b"".join([ours[run.first : run.first + run.length] for run in runs])
    agreeing = shared.count(NUMBER) + _NAME_WEIGHT * shared.count(NAME)
    clashes, changed = 0.0, []
    for run, following in pairwise(runs):
        a, b = run.first + run.length, run.second + run.length
        if not (0 < following.first - a <= _GAP_OF_NUMBERS and 0 < following.second - b <= _GAP_OF_NUMBERS):
            continue
        if any(ours[a : following.first]) and any(theirs[b : following.second]):
            words = first.words(a, following.first), second.words(b, following.second)
            clash, agree, pairs = _compare_gap(*words)
            clashes += clash
            agreeing += agree
            changed += pairs
    return Facts(clashes=clashes, agreeing=agreeing, changed=tuple(changed[:_MAX_CHANGED]))


def _compare_gap(ours: Sequence[str], theirs: Sequence[str]) -> tuple[float, float, list[tuple[str, str]]]:
    """Return the weights of facts that clash and that agree, and the pairs that clash."""
    our_words, their_words = [word.casefold() for word in ours], [word.casefold() for word in theirs]
    our_own = [word for word, folded in zip(ours, our_words, strict=True) if folded not in their_words]
    their_own = [word for word, folded in zip(theirs, their_words, strict=True) if folded not in our_words]
    our_numbers, their_numbers = _numbers(our_own), _numbers(their_own)
    if our_numbers and their_numbers:
        pairs = list(zip(our_numbers, their_numbers, strict=False))
        return min(len(pairs), _MOST_NUMBERS), 0.0, [_cut(pair) for pair in pairs]
    if len(ours) > _GAP_OF_NAMES or len(theirs) > _GAP_OF_NAMES:
        return 0.0, 0.0, []
    our_name, their_name = (" ".join(filter(_is_name, words)) for words in (our_own, their_own))
    if not our_name or not their_name:
        return 0.0, 0.0, []
    if not _is_one_name(our_name.casefold(), their_name.casefold()):
        return _NAME_WEIGHT, 0.0, [_cut((our_name, their_name))]
    return 0.0, _NAME_WEIGHT, []


def _is_one_name(ours: str, theirs: str) -> bool:
    """Return whether two names are spelt alike: those that have too few letters in common need no comparison.

    The comparison takes time by the square of the letters, of which no more than those of a fact are read.
    """
    ours, theirs = ours[:_MAX_FACT], theirs[:_MAX_FACT]
    least = _SAME_NAME * (len(ours) + len(theirs)) / 2
    if sum(min(ours.count(letter), theirs.count(letter)) for letter in set(ours)) < least - 1:
        return False
    return SequenceMatcher(None, ours, theirs).ratio() >= _SAME_NAME


def _numbers(words: Sequence[str]) -> list[str]:
    """Return the distinct words with a digit, in order."""
    return [*dict.fromkeys(word for word in words if not word.isalpha() and any(map(str.isdigit, word)))]


def _is_name(word: str) -> bool:
    return word[0].isupper() and len(word) >= _SHORTEST_NAME


def _cut(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[0][:_MAX_FACT], pair[1][:_MAX_FACT]
