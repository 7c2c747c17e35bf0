"""Members that were mixed from the texts of two stories, and do not join them."""

from collections.abc import Sequence

import numpy as np

from ingestd.likeness.arrays import Hashes, shared, shortened
from ingestd.likeness.placement import Member
from ingestd.likeness.ranking import Candidate
from ingestd.likeness.rules import Rules
from ingestd.likeness.sketch import SCALE, SMALL

#: Sampled shingles from which a part counts as one.
_FEW = 6


def is_of_other_part(candidate: Candidate, member: Member, members: Sequence[Member], rules: Rules) -> bool:
    """Return whether a document has nothing of a story but what one member has from somewhere else.

    A paper that mixes two agencies' texts is placed with the one whose document was seen before; the other agency's
    document, seen later, has its own part of the paper's text in common with that story, and nothing else.  So has a
    copy of what only one member has, such as its last third, if no lead is with it: that is told apart as well.

    `member` is the one that has most of the document, `members` are all that stand for the story.
    """
    ours = shortened(np.fromiter(candidate.shared, np.uint64, len(candidate.shared)))
    if len(members) < 2 or shared(ours, member.sampled) < _FEW:
        return False
    found = False
    for other in members:
        if other.record == member.record:
            continue
        if shared(ours, other.sampled) > rules.part_elsewhere * len(ours):
            return False
        found = found or _is_main_text(other, member, rules)
    return found


def _is_main_text(other: Member, member: Member, rules: Rules) -> bool:
    """Return whether a member has its main part from another, which has more than that part."""
    first, second = _at_common_scale(member, other)
    common = shared(first, second)
    return common >= max(_FEW, rules.main_part * len(first)) and common < rules.wholly * len(second)


def _at_common_scale(first: Member, second: Member) -> tuple[Hashes, Hashes]:
    if first.size <= SMALL and second.size <= SMALL:
        return first.sampled, second.sampled
    return _scaled(first.sampled), _scaled(second.sampled)


def _scaled(hashes: Hashes) -> Hashes:
    scaled: Hashes = hashes[hashes % np.uint64(SCALE) == 0]
    return scaled
