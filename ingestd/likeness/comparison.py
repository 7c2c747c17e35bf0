"""Comparison of a document with a member of a story, text against text."""

from collections.abc import Sequence
from typing import NamedTuple

from ingestd.likeness.alignment import Facts, Run, facts, parallel_runs
from ingestd.likeness.arrays import distinct, shared
from ingestd.likeness.placement import Document, Evidence, Member
from ingestd.likeness.ranking import Candidate, Ranking
from ingestd.likeness.rules import Rules
from ingestd.likeness.sketch import Sketch

#: A text so much longer than the member is the whole story, of which the member is a cut copy.
_CUT = 2
#: Tokens of a run, of which less is a phrase.
_PASSAGE = 8
#: Part of `Rules.same_publisher` that unweighted containment must have both ways.
_UNWEIGHTED = 0.8


class _Weights(NamedTuple):
    """Mean weights of the document's shingles: of those that the story has, and of the others."""

    shared: float
    own: float

    def of_document(self, share: float) -> float:
        """Return a share of the document's shingles by weight."""
        return share * self.shared / (share * self.shared + (1 - share) * self.own) if share < 1 else 1.0

    def of_member(self, share: float) -> float:
        """Return a share of a member's shingles by weight; what it has alone weighs 1."""
        return share * self.shared / (share * self.shared + (1 - share)) if share < 1 else 1.0


def compare(
    document: Document,
    ranking: Ranking,
    candidate: Candidate,
    *,
    member: Member,
    text: Sketch,
    whole: Sketch | None,
    same_publisher: bool,
    rules: Rules,
) -> Evidence | None:
    """Return what a document has of a member and the member of it; None where they are two stories.

    `text` is the member's.  `whole` is that of the longest member of the story, where that is much longer.
    `same_publisher`: the document's publisher has another document in the story.
    """
    ours = document.sketch
    common = shared(ours.shingles, text.shingles)
    of_document, of_member = common / max(1, len(ours.shingles)), common / max(1, len(text.shingles))
    is_same = member.publisher == document.publisher
    if min(of_document, of_member) > rules.equal:
        # Facts decide nothing here: a template filled anew differs more.  They tell what was corrected.
        found = Facts() if 1.0 in (of_document, of_member) else _facts(ours, text, None)
        return Evidence(
            how="equal",
            member=member.record,
            of_document=round(of_document, 3),
            of_member=round(of_member, 3),
            leads=2,
            same_publisher=is_same,
            clashes=found.clashes,
            facts=found.total,
            changed=found.changed,
        )
    weights = _weights(ranking, candidate)
    weighted = weights.of_document(of_document), weights.of_member(of_member)
    most = max(weighted[0], weighted[1] if whole is None else _of_member(ours, whole, weights))
    if same_publisher:
        decides = max(of_document, of_member) >= rules.wholly or weighted[0] >= rules.same_publisher
    else:
        decides = most >= min(rules.contained, rules.contained_without_lead)
    # Where leads decide nothing, they are not compared.
    leads = (lead_in(ours, text, rules), lead_in(text, ours, rules)) if decides else (False, False)
    runs = None
    if same_publisher:
        is_cut = (of_document >= rules.wholly and leads[0]) or (of_member >= rules.wholly and leads[1])
        if not is_cut and not _is_revised(min(of_document, of_member), weighted[0], leads, rules):
            return None
    elif most < (rules.contained if any(leads) else rules.contained_without_lead) or (
        not any(leads) and _is_tail(ours, text, max(weighted), rules)
    ):
        if max(of_document, of_member) < rules.aligned:
            return None
        # A noisy copy: few shingles are whole, but its words run in parallel.
        runs = parallel_runs(ours, text)
        weighted, leads = _coverage(ours, text, runs, weights, rules)
        # No more is asked of a copy of a cut copy than of any other.
        enough = max(weighted[0], weighted[1] if whole is None else 0.0)
        if enough < (rules.covered if any(leads) else rules.covered_without_lead):
            return None
    # Where one text is wholly in the other, nothing stands beside what they share.
    is_whole = runs is None and 1.0 in (of_document, of_member)
    found = Facts() if is_whole else _facts(ours, text, runs)
    if _differs(found, same_publisher=same_publisher, rules=rules):
        return None
    return Evidence(
        how="text" if runs is None else "aligned",
        member=member.record,
        of_document=round(weighted[0], 3),
        of_member=round(weighted[1], 3),
        leads=sum(leads),
        same_publisher=is_same,
        clashes=found.clashes,
        facts=found.total,
        changed=found.changed,
    )


def _is_tail(ours: Sketch, text: Sketch, contained: float, rules: Rules) -> bool:
    """Return whether two texts share no more than a tail: a notice on the publisher, the background of many stories."""
    if contained >= rules.covered_without_lead:
        return False
    runs = [run for run in parallel_runs(ours, text) if run.length >= _PASSAGE]
    return (
        bool(runs)
        and runs[0].first >= rules.before_tail * len(ours.tokens)
        and min(run.second for run in runs) >= rules.before_tail * len(text.tokens)
    )


def is_cut_copy(member: Member, longest: Member) -> bool:
    """Return whether a story has a text so much longer than a member that it must be compared as well."""
    return longest is not member and longest.size > _CUT * member.size


def is_one_story(first: Sketch, second: Sketch, rules: Rules) -> bool:
    """Return whether the main texts of two stories are so much alike, without clashing facts, that they may merge."""
    smaller = min(len(first.shingles), len(second.shingles))
    if not smaller or shared(first.shingles, second.shingles) < rules.merge * smaller:
        return False
    found = _facts(first, second, None)
    return found.clashes < 1 or found.clashes / found.total < rules.clash_share / 2


def lead_in(text: Sketch, other: Sketch, rules: Rules) -> bool:
    """Return whether another text has enough of a text's first shingles."""
    first = distinct(text.rolling[: rules.lead])
    return len(first) > 0 and shared(first, other.shingles) >= rules.lead_shared * len(first)


def _weights(ranking: Ranking, candidate: Candidate) -> _Weights:
    of_shared = ranking.weight_of(candidate.shared)
    others = ranking.count - len(candidate.shared)
    own = max(1e-9, ranking.total - of_shared) / others if others else 1.0
    return _Weights(of_shared / len(candidate.shared), own)


def _is_revised(least: float, of_document: float, leads: tuple[bool, bool], rules: Rules) -> bool:
    """Return whether a publisher's document is another version of what it has in the story."""
    enough = least >= rules.same_publisher * _UNWEIGHTED and of_document >= rules.same_publisher
    return enough and any(leads)


def _of_member(ours: Sketch, whole: Sketch, weights: _Weights) -> float:
    return weights.of_member(shared(ours.shingles, whole.shingles) / len(whole.shingles))


def _coverage(
    ours: Sketch, text: Sketch, runs: Sequence[Run], weights: _Weights, rules: Rules
) -> tuple[tuple[float, float], tuple[bool, bool]]:
    """Return the weighted parts of both texts that run in parallel, and whether half of each lead does."""
    covered = sum(run.length for run in runs)
    lead = rules.lead
    in_ours = sum(max(0, min(run.first + run.length, lead) - run.first) for run in runs if run.first < lead)
    in_text = sum(max(0, min(run.second + run.length, lead) - run.second) for run in runs if run.second < lead)
    return (
        (
            weights.of_document(min(1.0, covered / len(ours.tokens))),
            weights.of_member(min(1.0, covered / len(text.tokens))),
        ),
        (in_ours >= 0.5 * min(lead, len(ours.tokens)), in_text >= 0.5 * min(lead, len(text.tokens))),
    )


def _facts(ours: Sketch, text: Sketch, runs: Sequence[Run] | None) -> Facts:
    """Compare facts along the shorter text; pairs come out as (in the member, in the document)."""
    if len(ours.tokens) < len(text.tokens):
        found = facts(ours, text, runs)
        swapped = tuple((theirs, own) for own, theirs in found.changed)
        return Facts(clashes=found.clashes, agreeing=found.agreeing, changed=swapped)
    return facts(text, ours)


def _differs(found: Facts, *, same_publisher: bool, rules: Rules) -> bool:
    """Return whether so many facts clash that the texts are one template filled twice."""
    is_strict = same_publisher or found.total < rules.few_facts
    if found.clashes < (rules.clash_of_few if is_strict else rules.clash):
        return False
    return found.clashes / found.total > (rules.clash_share / 2 if same_publisher else rules.clash_share)
