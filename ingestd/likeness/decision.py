"""Second and third step: which members' texts are needed, and the story that a document is placed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ingestd.likeness.arrays import shared, shortened
from ingestd.likeness.comparison import compare, is_cut_copy, is_one_story
from ingestd.likeness.mixed_texts import is_of_other_part
from ingestd.likeness.placement import Document, Evidence, Member, Placement, Story, TextKey
from ingestd.likeness.ranking import Candidate, Ranking
from ingestd.likeness.rules import RULES, Rules
from ingestd.likeness.sketch import SCALE, Sketch

#: What a shared lead adds to the two containments when one of several stories is chosen.
_LEAD_BONUS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Compared:
    """A candidate with the member that the document is compared with, and the longest."""

    candidate: Candidate
    story: Story
    member: Member
    longest: Member


def texts_needed(ranking: Ranking, stories: Mapping[int, Story], rules: Rules = RULES) -> tuple[Member, ...]:
    """Return the members whose sketches `decide` compares; one whose text is gone may be left out there.

    `stories` has those of `ranking.stories` that the store still has.
    """
    if ranking.decided:
        return ()
    compared = _compared(ranking, stories, rules)
    # The longest texts of two candidates decide whether they merge.
    may_merge = len(compared) > 1 and compared[1].candidate.score >= rules.runner_up * compared[0].candidate.score
    needed: dict[TextKey, Member] = {}
    for one in compared:
        needed[one.member.key] = one.member
        if may_merge or is_cut_copy(one.member, one.longest):
            needed[one.longest.key] = one.longest
    return tuple(needed.values())


def decide(
    document: Document,
    ranking: Ranking,
    *,
    stories: Mapping[int, Story],
    texts: Mapping[TextKey, Sketch],
    rules: Rules = RULES,
) -> Placement:
    """Place a document that no story has yet: in a story, in a new one, or alone as a round-up.

    `stories` has those of `ranking.stories` that the store still has, `texts` the sketches of `texts_needed` by key; a
    member whose text is missing is not compared.
    """
    if ranking.decided:
        story, evidence = ranking.decided
        return placed(document, ranking, evidence, stories.get(story) if story is not None else None, rules, story)
    passed = _passed(document, ranking, stories, texts, rules)
    if not passed:
        return placed(document, ranking, Evidence(how="new"), None, rules)
    chosen, evidence = max(passed, key=lambda one: _preference(*one))
    merged = [one for one, other in passed if _merges(chosen, one, other, texts, rules)]
    oldest = min([chosen, *merged], key=lambda one: one.story.id)
    if also := _also(ranking, chosen.candidate, rules):
        evidence = replace(evidence, also=also)
    placement = placed(document, ranking, evidence, oldest.story, rules)
    gone = tuple(sorted(one.story.id for one in (chosen, *merged) if one is not oldest))
    return replace(placement, merges=gone) if gone else placement


def revise(document: Document, ranking: Ranking, *, record: int, story: Story, rules: Rules = RULES) -> Placement:
    """Place a new revision of a record that the story has: its shingles are added, and nothing moves.

    A revision without a text, such as a kill, adds nothing: the text before it stands, so that late copies are found.
    """
    return placed(document, ranking, Evidence(how="record", member=record), story, rules)


def standing(first: Story, second: Story, rules: Rules = RULES) -> tuple[Member, ...]:
    """Return the members that stand for the older of two stories after they have merged."""
    return (first.members + second.members)[: rules.stand_at_most]


def placed(
    document: Document,
    ranking: Ranking,
    evidence: Evidence,
    story: Story | None,
    rules: Rules = RULES,
    number: int | None = None,
) -> Placement:
    """Return what is written for a document whose story is known; `number` is that of a story without members."""
    target = story.id if story else number
    if document.is_short or evidence.how == "round-up":
        return Placement(story=target, evidence=evidence, keys=document.keys)
    sampled = document.sketch.sampled.tolist()
    fresh = [
        shingle
        for shingle in sampled
        if target not in (having := ranking.postings.get(shingle, ())) and len(having) < rules.ubiquitous
    ]
    members = story.members if story else ()
    stands = len(members) < rules.stand or len(fresh) > rules.stand_for_new * len(sampled) or evidence.how == "record"
    return Placement(
        story=target,
        evidence=evidence,
        shingles=tuple(fresh),
        keys=document.keys,
        stands=stands,
        retires=_retires(document, members, rules) if stands else (),
    )


def _retires(document: Document, members: Sequence[Member], rules: Rules) -> tuple[TextKey, ...]:
    """Return the revision that no longer stands when another does: neither the first nor the longest nor the newest."""
    if len(members) < rules.stand_at_most:
        return ()
    sizes = [member.size for member in members] + [len(document.sketch.shingles)]
    longest = max(range(len(sizes)), key=sizes.__getitem__)
    return (next(member.key for place, member in enumerate(members) if place not in (0, longest)),)


def _compared(ranking: Ranking, stories: Mapping[int, Story], rules: Rules) -> list[_Compared]:
    compared: list[_Compared] = []
    for candidate in ranking.candidates:
        story = stories.get(candidate.story)
        if story is None or not story.members:
            continue
        member = _nearest(ranking, candidate, story.members)
        # What a member that was cut short could share at most, at the scale of long texts.
        most = max(1, min(len(member.sampled), member.size // SCALE or 1))
        if candidate.score < rules.gate and len(candidate.shared) < rules.gate_of_member * most:
            continue
        longest = max(story.members, key=lambda one: one.size)
        compared.append(_Compared(candidate=candidate, story=story, member=member, longest=longest))
        if len(compared) == rules.candidates:
            break
    return compared


def _nearest(ranking: Ranking, candidate: Candidate, members: tuple[Member, ...]) -> Member:
    """Return the member that has most of what the document shares with the story, of equals the first."""
    if len(members) == 1:
        return members[0]
    known = ranking.nearest.get(candidate.story)
    if known is None or known[0] is not members:
        ours = shortened(np.fromiter(candidate.shared, np.uint64, len(candidate.shared)))
        nearest, most = members[0], -1
        for member in members:
            if (common := shared(ours, member.sampled)) > most:
                nearest, most = member, common
                if common == len(ours):
                    break
        known = ranking.nearest[candidate.story] = members, nearest
    return known[1]


def _passed(
    document: Document,
    ranking: Ranking,
    stories: Mapping[int, Story],
    texts: Mapping[TextKey, Sketch],
    rules: Rules,
) -> list[tuple[_Compared, Evidence]]:
    """Return the candidates that have the document's text, the best score first."""
    passed: list[tuple[_Compared, Evidence]] = []
    for one in _compared(ranking, stories, rules):
        if passed and one.candidate.score < rules.runner_up * passed[0][0].candidate.score:
            break
        text = texts.get(one.member.key)
        if text is None:
            continue
        evidence = compare(
            document,
            ranking,
            one.candidate,
            member=one.member,
            text=text,
            whole=texts.get(one.longest.key) if is_cut_copy(one.member, one.longest) else None,
            same_publisher=document.publisher in one.story.publishers,
            rules=rules,
        )
        if evidence and not is_of_other_part(one.candidate, one.member, one.story.members, rules):
            passed.append((one, evidence))
            if evidence.how == "equal":
                break
    return passed


def _preference(one: _Compared, evidence: Evidence) -> tuple[float, int]:
    bonus = _LEAD_BONUS if evidence.leads == 2 else 0.0
    return evidence.of_document + evidence.of_member + bonus, -one.story.id


def _merges(
    chosen: _Compared, one: _Compared, evidence: Evidence, texts: Mapping[TextKey, Sketch], rules: Rules
) -> bool:
    """Return whether another story that the document fits is the chosen one's, told twice before."""
    if one is chosen or max(evidence.of_document, evidence.of_member) < rules.merge:
        return False
    publishers = {member.publisher for member in chosen.story.members}
    if any(member.publisher in publishers for member in one.story.members):
        return False
    first, second = texts.get(chosen.longest.key), texts.get(one.longest.key)
    return first is not None and second is not None and is_one_story(first, second, rules)


def _also(ranking: Ranking, chosen: Candidate, rules: Rules) -> tuple[tuple[int, float], ...]:
    """Return other stories with a part of the document that the chosen one does not have."""
    shares = (
        (other.story, ranking.weight_of(other.shared - chosen.shared) / ranking.total)
        for other in ranking.best
        if other.story != chosen.story
    )
    return tuple((story, round(share, 2)) for story, share in shares if share >= rules.mention)
