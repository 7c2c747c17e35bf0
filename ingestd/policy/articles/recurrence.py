"""Learn which blocks recur in a site's articles, and forget those that no longer do.

A block is represented by its hash (`articles.body.recurring_blocks.block_hash`).  Most recurring blocks are
boilerplate: a newsletter box, a motto, a list of related stories.  A reporter's background paragraph recurs too, in the
follow-ups of one story.  Prose, however short, must therefore recur in more articles, and in a larger share of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingestd.model.page import RecurringBlocks

#: Articles in which a line or a paragraph of prose must have occurred, and its share of the articles since its first.
LINE_ARTICLES, LINE_SHARE = 3, 0.05
PROSE_ARTICLES, PROSE_SHARE = 8, 0.3

#: Latest articles whose blocks are all remembered; a block that recurs within them is tallied from then on.
_RECENT = 20
#: Blocks remembered of one article, from its start and its end, where boilerplate usually is.
_FIRST, _LAST = 30, 70
#: Maximum number of blocks that are tallied, and the number of articles without a block after which its tally is
#: forgotten.
_MAX_TALLIES = 400
_FORGET_AFTER = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Occurrences of a block in a site's articles, which are numbered from 1."""

    #: Number of articles with the block, the first and the last one included.
    articles: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Recurring blocks of a site's articles."""

    #: Number of articles learned.
    articles: int = 0
    #: By block hash.
    tallies: Mapping[int, Tally] = field(default_factory=dict)
    #: The block hashes of the latest articles, the newest last.
    recent: tuple[frozenset[int], ...] = ()


def learn(habits: Habits, block_hashes: Iterable[int]) -> Habits:
    """Return the habits after one more article, given its blocks in order; call this once for each article."""
    ordered = tuple(dict.fromkeys(block_hashes))
    seen = frozenset((*ordered[:_FIRST], *ordered[-_LAST:]))
    number = habits.articles + 1
    tallies = {block_hash: tally for block_hash, tally in habits.tallies.items() if number - tally.last < _FORGET_AFTER}
    oldest = number - len(habits.recent)
    for block_hash in seen:
        if tally := tallies.get(block_hash):
            tallies[block_hash] = Tally(articles=tally.articles + 1, first=tally.first, last=number)
            continue
        before = [number_before for number_before, hashes in enumerate(habits.recent, oldest) if block_hash in hashes]
        if before:
            tallies[block_hash] = Tally(articles=len(before) + 1, first=before[0], last=number)
    latest = sorted(tallies.items(), key=lambda item: (item[1].last, item[1].articles), reverse=True)
    return Habits(articles=number, tallies=dict(latest[:_MAX_TALLIES]), recent=(*habits.recent, seen)[-_RECENT:])


def recurring_blocks(habits: Habits) -> RecurringBlocks:
    """Return the hashes of the blocks that recur often enough to be boilerplate."""

    def recurring(articles: int, share: float) -> frozenset[int]:
        return frozenset(
            block_hash
            for block_hash, tally in habits.tallies.items()
            if tally.articles >= articles and tally.articles / (habits.articles - tally.first + 1) >= share
        )

    return RecurringBlocks(lines=recurring(LINE_ARTICLES, LINE_SHARE), prose=recurring(PROSE_ARTICLES, PROSE_SHARE))
