"""First step: the stories that may have the text of a document, from the postings of its shingles."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from math import fsum

from ingestd.likeness.placement import Document, Evidence, Key, KeyHit, KeyKind, Member, StoryState
from ingestd.likeness.rules import RULES, Rules
from ingestd.likeness.sketch import SCALE

#: Stories that are looked at for parts of a round-up, and for parts that are mentioned.
_PARTS_LOOKED_AT = 12
_MENTIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A story that shares shingles with the document."""

    story: int
    #: Share of the document's weighted shingles that the story has.
    score: float
    #: The sampled shingles that it has.
    shared: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """Stories that share shingles with a document, and what the postings say of it otherwise."""

    #: The decision where no text needs to be read: by key, round-up, or nothing in common with any story.
    decided: tuple[int | None, Evidence] | None
    #: Those that the document may be compared with, the best first; their members are needed.
    candidates: tuple[Candidate, ...] = ()
    #: The best of all, for `Evidence.also`.
    best: tuple[Candidate, ...] = ()
    #: Sampled shingles of the document: their number, the sum of their weights, and what those that many stories have
    #: lack of the weight 1.
    count: int
    total: float
    lacking: Mapping[int, float]
    #: The stories in the window that have each shingle; one that none has is left out.
    postings: Mapping[int, Sequence[int]]
    #: The member chosen for each story, and of which: `decision` asks three times.
    nearest: dict[int, tuple[tuple[Member, ...], Member]] = field(default_factory=dict)

    @property
    def stories(self) -> tuple[int, ...]:
        """The stories whose members `texts_needed` and `decide` need."""
        if self.decided:
            return () if self.decided[0] is None else (self.decided[0],)
        return tuple(candidate.story for candidate in self.candidates)

    def weight_of(self, shingles: Collection[int]) -> float:
        """Return the weight of some of the document's sampled shingles, which are distinct."""
        return _weight_of(shingles, self.lacking)


def weight(stories: int, rules: Rules = RULES) -> float:
    """Return the weight of a shingle that so many stories have: what many share (templates, tails) says little."""
    return 1.0 if stories <= rules.common else (stories - rules.common + 1) ** -2.0


def _weight_of(shingles: Collection[int], lacking: Mapping[int, float]) -> float:
    if not lacking:
        return float(len(shingles))
    # Exact, so that the order of the shingles does not matter.
    return fsum([len(shingles), *[-lacking[shingle] for shingle in shingles if shingle in lacking]])


def rank(
    document: Document,
    *,
    postings: Mapping[int, Sequence[int]],
    stories: Mapping[int, StoryState],
    hits: Mapping[Key, KeyHit],
    now: datetime,
    rules: Rules = RULES,
) -> Ranking:
    """Rank the stories that share shingles with a document.

    `postings` maps a sampled shingle to the stories that have it, in any order; a shingle that none has may be left
    out.  `stories` has the state of each story that occurs in `postings` or `hits`; one that it does not have counts as
    gone.  `hits` maps keys among the document's lookups.  `now` is the document's own time, so that the same documents
    in the same order give the same stories whenever they are placed.

    Stories past the window and round-ups count for nothing, whether or not the store has deleted their rows.
    """
    sampled = document.sketch.sampled.tolist()
    known = _in_window(sampled, postings, stories, now, rules)
    found: defaultdict[int, list[int]] = defaultdict(list)
    lacking: dict[int, float] = {}
    common, ubiquitous = rules.common, rules.ubiquitous
    for shingle, having in known.items():
        if len(having) > common:
            lacking[shingle] = 1.0 - weight(len(having), rules)
            if len(having) > ubiquitous:
                continue
        for story in having:
            found[story].append(shingle)
    total = _weight_of(sampled, lacking)
    by_key = _by_key(document, hits, stories, now, rules)
    decided = by_key
    ranked: list[Candidate] = []
    if decided is None and (document.is_short or not found):
        decided = None, Evidence(how="new")
    elif decided is None:
        ranked = _ranked(document, found, lacking, total, rules)
        parts = _parts(ranked, lacking, total, rules)
        decided = (None, Evidence(how="round-up", also=parts)) if parts else None
    return Ranking(
        decided=decided,
        candidates=tuple(ranked[: rules.candidates + rules.spare]),
        best=tuple(ranked[:_MENTIONS]),
        count=len(sampled),
        total=total,
        lacking=lacking,
        postings=known,
    )


def _in_window(
    sampled: Iterable[int],
    postings: Mapping[int, Sequence[int]],
    stories: Mapping[int, StoryState],
    now: datetime,
    rules: Rules,
) -> dict[int, Sequence[int]]:
    """Return the stories that take documents now, for each shingle that one has."""
    find = postings.get
    known = {shingle: having for shingle in sampled if (having := find(shingle))}
    closed = {
        story
        for story in set(chain.from_iterable(known.values()))
        if (state := stories.get(story)) is None or state.round_up or not state.is_open(now, rules.window)
    }
    if not closed:
        return known
    is_open = closed.isdisjoint
    return {
        shingle: taking
        for shingle, having in known.items()
        if (taking := having if is_open(having) else [story for story in having if story not in closed])
    }


def _ranked(
    document: Document,
    found: Mapping[int, Sequence[int]],
    lacking: Mapping[int, float],
    total: float,
    rules: Rules,
) -> list[Candidate]:
    # A long text of which a small one is a part was sampled: the two compare at the common scale.
    at_scale = 0.0
    if document.sketch.is_small:
        at_scale = _weight_of(_scaled(document.sketch.sampled.tolist()), lacking)
    scores = []
    for story, shingles in found.items():
        if len(shingles) < rules.least_shared:
            continue
        score = _weight_of(shingles, lacking) / total
        if at_scale:
            score = max(score, _weight_of(_scaled(shingles), lacking) / at_scale)
        scores.append((-score, story))
    scores.sort()
    most = max(_PARTS_LOOKED_AT, _MENTIONS, rules.candidates + rules.spare)
    return [Candidate(story=story, score=-score, shared=frozenset(found[story])) for score, story in scores[:most]]


def _scaled(shingles: Iterable[int]) -> list[int]:
    return [shingle for shingle in shingles if shingle % SCALE == 0]


def _by_key(
    document: Document, hits: Mapping[Key, KeyHit], stories: Mapping[int, StoryState], now: datetime, rules: Rules
) -> tuple[int | None, Evidence] | None:
    for key in document.lookups:
        hit = hits.get(key)
        state = stories.get(hit.story) if hit else None
        age = rules.window if document.is_short else rules.alert
        if hit and state and state.is_open(now, age):
            alert = key.kind is KeyKind.TEXT and not document.is_short
            return hit.story, Evidence(how="alert" if alert else "equal short text")
    return None


def _parts(
    ranked: Sequence[Candidate], lacking: Mapping[int, float], total: float, rules: Rules
) -> tuple[tuple[int, float], ...]:
    """Return the stories to which disjoint parts of a round-up belong, with the share of each, the largest first.

    Empty: it is no round-up, since there are too few of them or one has most of the document.
    """
    parts: list[tuple[float, int]] = []
    covered: set[int] = set()
    for candidate in ranked[:_PARTS_LOOKED_AT]:
        own = candidate.shared - covered
        if len(own) < max(rules.part_shingles, rules.part_own * len(candidate.shared)):
            continue
        share = _weight_of(own, lacking) / total
        if share >= rules.part_share:
            parts.append((share, candidate.story))
            covered |= candidate.shared
    if len(parts) < rules.parts:
        return ()
    shares = [share for share, _ in parts]
    if max(shares) >= rules.largest_of_parts * sum(shares) or max(shares) >= rules.largest_part:
        return ()
    return tuple((story, round(share, 2)) for share, story in sorted(parts, key=lambda part: (-part[0], part[1])))
