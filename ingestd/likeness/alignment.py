"""Passages that two texts share in parallel, and facts that differ where they do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ingestd.likeness.arrays import Flags, Positions, is_in, unique, windows
from ingestd.likeness.sketch import NAME, NUMBER, Sketch

#: Tokens that are unique in both texts and anchor a run.
_ANCHOR = 3
#: Tokens compared first where a run is extended; four times as many each time they are equal.
_STEP = 16
#: Tokens of a gap between runs in which numbers are compared, and names.
_GAP_OF_NUMBERS, _GAP_OF_NAMES = 24, 8
#: Numbers that clash in one gap, at most.
_MOST_NUMBERS = 4
#: Weight of a name; a number weighs 1.
_NAME_WEIGHT = 0.5
_WEIGHTS = np.zeros(3)
_WEIGHTS[NUMBER], _WEIGHTS[NAME] = 1.0, _NAME_WEIGHT
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
    one, one_at = unique(windows(first.tokens, _ANCHOR))
    other, other_at = unique(windows(second.tokens, _ANCHOR))
    common = is_in(one, other)
    if not common.any():
        return []
    ours, theirs = one_at[common], other_at[np.searchsorted(other, one[common])]
    order = np.argsort(ours)
    ours, theirs = ours[order], theirs[order]
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
    ours, theirs = first.tokens[start:], second.tokens[matched:]
    most = min(len(ours), len(theirs))
    begin, step = 0, _STEP
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
    sums = np.zeros(len(first.facts) + 1)
    np.cumsum(_WEIGHTS[first.facts], out=sums[1:])
    agreeing = sum((sums[[run.first + run.length for run in runs]] - sums[[run.first for run in runs]]).tolist())
    clashes, changed = 0.0, []
    for ours, theirs in _gaps(first, second, runs):
        clash, agree, pairs = _compare_gap(ours, theirs)
        clashes += clash
        agreeing += agree
        changed += pairs
    return Facts(clashes=clashes, agreeing=agreeing, changed=tuple(changed[:_MAX_CHANGED]))


def _gaps(first: Sketch, second: Sketch, runs: Sequence[Run]) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the words of both texts in each short gap between two runs in which both have a fact."""
    for run, following in pairwise(runs):
        a, b = run.first + run.length, run.second + run.length
        if not (0 < following.first - a <= _GAP_OF_NUMBERS and 0 < following.second - b <= _GAP_OF_NUMBERS):
            continue
        if first.facts[a : following.first].any() and second.facts[b : following.second].any():
            yield (
                [first.word(token) for token in range(a, following.first)],
                [second.word(token) for token in range(b, following.second)],
            )


def _compare_gap(ours: Sequence[str], theirs: Sequence[str]) -> tuple[float, float, list[tuple[str, str]]]:
    """Return the weights of facts that clash and that agree, and the pairs that clash."""
    our_words, their_words = {word.casefold() for word in ours}, {word.casefold() for word in theirs}
    our_own = [word for word in ours if word.casefold() not in their_words]
    their_own = [word for word in theirs if word.casefold() not in our_words]
    our_numbers, their_numbers = _numbers(our_own), _numbers(their_own)
    if our_numbers and their_numbers:
        pairs = list(zip(our_numbers, their_numbers, strict=False))
        return min(len(pairs), _MOST_NUMBERS), 0.0, [_cut(pair) for pair in pairs]
    if len(ours) > _GAP_OF_NAMES or len(theirs) > _GAP_OF_NAMES:
        return 0.0, 0.0, []
    our_name, their_name = (" ".join(filter(_is_name, words)) for words in (our_own, their_own))
    if not our_name or not their_name:
        return 0.0, 0.0, []
    if SequenceMatcher(None, our_name.casefold(), their_name.casefold()).ratio() < _SAME_NAME:
        return _NAME_WEIGHT, 0.0, [_cut((our_name, their_name))]
    return 0.0, _NAME_WEIGHT, []


def _numbers(words: Sequence[str]) -> list[str]:
    """Return the distinct words with a digit, in order."""
    return [*dict.fromkeys(word for word in words if any(map(str.isdigit, word)))]


def _is_name(word: str) -> bool:
    return word[0].isupper() and len(word) >= _SHORTEST_NAME


def _cut(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[0][:_MAX_FACT], pair[1][:_MAX_FACT]
