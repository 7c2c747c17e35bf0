"""What recurs on a site: told from its articles, one after the other, and forgotten when it is seen no more.

A block is known here by its mark, a number.  What stands in the articles of a site again and again is its furniture:
a newsletter's box, a motto, a list of what else there is to read.  A reporter's paragraph of background recurs too, in
the follow-ups of one story: so prose, however short, counts as furniture only after more articles, and in more of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingestd.model.page import Furniture

#: Distinct articles that a line, and what ends a sentence, must have been in; and in which share of those since.
LINE, LINE_SHARE = 3, 0.05
PROSE, PROSE_SHARE = 8, 0.3

#: Articles that are remembered whole: in their number, a block that comes again is noticed.
_RECENT = 20
#: Marks kept of one article: furniture stands at its beginning and its end.
_FIRST, _LAST = 30, 70
#: Blocks that recur, at the most; and after how many articles without it one is forgotten.
_MOST = 400
_FORGOTTEN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """In how many articles a block was, of those with the numbers from `first` to `last`."""

    articles: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What is known of a site's articles; the newest of `recent` is the last."""

    articles: int = 0
    tallies: Mapping[int, Tally] = field(default_factory=dict)
    recent: tuple[frozenset[int], ...] = ()


def learn(habits: Habits, marks: Iterable[int]) -> Habits:
    """Return what is known after one more article with these blocks, in their order; it must be a new article."""
    ordered = tuple(dict.fromkeys(marks))
    seen = frozenset((*ordered[:_FIRST], *ordered[-_LAST:]))
    number = habits.articles + 1
    tallies = {mark: tally for mark, tally in habits.tallies.items() if number - tally.last < _FORGOTTEN}
    oldest = number - len(habits.recent)
    for mark in seen:
        if tally := tallies.get(mark):
            tallies[mark] = Tally(articles=tally.articles + 1, first=tally.first, last=number)
            continue
        before = [at for at, marks_there in enumerate(habits.recent, oldest) if mark in marks_there]
        if before:
            tallies[mark] = Tally(articles=len(before) + 1, first=before[0], last=number)
    latest = sorted(tallies.items(), key=lambda item: (item[1].last, item[1].articles), reverse=True)
    return Habits(articles=number, tallies=dict(latest[:_MOST]), recent=(*habits.recent, seen)[-_RECENT:])


def furniture(habits: Habits) -> Furniture:
    """Return the marks of what is furniture by now."""

    def enough(articles: int, share: float) -> frozenset[int]:
        return frozenset(
            mark
            for mark, tally in habits.tallies.items()
            if tally.articles >= articles and tally.articles / (habits.articles - tally.first + 1) >= share
        )

    return Furniture(lines=enough(LINE, LINE_SHARE), prose=enough(PROSE, PROSE_SHARE))
