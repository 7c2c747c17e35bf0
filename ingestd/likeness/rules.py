"""Thresholds by which documents are placed in stories."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The thresholds; the defaults were measured on 3,111 documents of 920 stories (`benchmarks/stories.py`).

    Shares are between 0 and 1.  "Of a text" means: of its distinct shingles, weighted (`ranking.weight`).
    """

    #: How long after its newest document a story takes others.
    window: timedelta = timedelta(days=14)
    #: Agencies that the table of agencies does not have, as (name, site).
    agencies: tuple[tuple[str, str], ...] = ()
    #: Stories with a shingle before it weighs less, and before it counts no more and gets no more rows.
    common: int = 2
    ubiquitous: int = 24
    #: Stories whose members are compared with the document, and those kept in reserve for some that fail the gate.
    candidates: int = 4
    spare: int = 4
    #: Of the document's shingles, and how many of them, that a story must share to be a candidate...
    gate: float = 0.12
    least_shared: int = 2
    #: ... or this part of the shingles of a member, for members much shorter than the document.
    gate_of_member: float = 0.25
    #: A candidate is not compared where its score is below this part of the score of the first that passed.
    runner_up: float = 0.5
    #: Of the smaller text, where the lead is shared, and where it is not.
    contained: float = 0.33
    contained_without_lead: float = 0.45
    #: Below that, texts with so much in common are aligned: the tokens of the smaller that run in parallel.
    aligned: float = 0.12
    covered: float = 0.50
    covered_without_lead: float = 0.60
    #: Of both texts, where the publisher has another document in the story...
    same_publisher: float = 0.50
    #: ... unless one is inside the other so far: it was cut, or has grown.
    wholly: float = 0.90
    #: From which containment, both ways, two texts are equal for our purpose.
    equal: float = 0.97
    #: Tokens of a lead, and the part of its shingles that the other text must have.
    lead: int = 20
    lead_shared: float = 0.4
    #: Weight of clashing facts, and their part of all facts in parallel passages, from which two texts differ.
    clash: float = 1.5
    clash_share: float = 0.12
    #: The former, where there are fewer facts than this, or where one publisher has both texts.
    clash_of_few: float = 1.0
    few_facts: float = 3.0
    #: Tokens; a shorter text joins only its equal.  So many where a token is an ideograph or kana, and where it is a
    #: letter or vowel sign (Thai, Khmer), of which a word has five.
    short: int = 25
    short_by_character: int = 45
    short_by_letter: int = 125
    #: Tokens; a shorter text is placed by nothing.
    empty: int = 5
    #: How long after an alert a text joins it by its headline.
    alert: timedelta = timedelta(days=3)
    #: Members that stand for a story; more where a document brings so much that no member has.
    stand: int = 6
    stand_at_most: int = 8
    stand_for_new: float = 0.20
    #: A round-up has parts of so many stories; a part has so many shingles, and so much of the document, that no larger
    #: part has, which is so much of what the document shares with that story.
    parts: int = 3
    part_shingles: int = 3
    part_share: float = 0.06
    part_own: float = 0.60
    #: No part of a round-up is larger than this, of the document and of all parts.
    largest_part: float = 0.60
    largest_of_parts: float = 0.55
    #: Of a member, from which another member has its main text; of what a document shares with a story, below which a
    #: member has none of it.
    main_part: float = 0.25
    part_elsewhere: float = 0.10
    #: Of both texts, in front of all they share, from which it is a tail: a notice, or a background.
    before_tail: float = 0.30
    #: Of the smaller main text, for two stories to merge under a document that fits both.
    merge: float = 0.60
    #: Of the document, for another story to be mentioned as having a part of it.
    mention: float = 0.12


RULES = Rules()
