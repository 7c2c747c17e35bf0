"""Stories in memory: the three steps of `ingestd.likeness` with dictionaries in place of the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ingestd.likeness import decision
from ingestd.likeness.arrays import shortened
from ingestd.likeness.placement import Document, Key, KeyHit, KeyKind, Member, Placement, Story, StoryState, TextKey
from ingestd.likeness.ranking import rank
from ingestd.likeness.rules import RULES
from ingestd.likeness.short_texts import document
from ingestd.likeness.sketch import Sketch

BASE = 0x9E3779B97F4A7C15


@dataclass
class MemoryStories:
    """Places documents one by one."""

    base: int = BASE
    postings: dict[int, list[int]] = field(default_factory=dict)
    states: dict[int, StoryState] = field(default_factory=dict)
    keys: dict[Key, KeyHit] = field(default_factory=dict)
    members: dict[int, list[Member]] = field(default_factory=dict)
    publishers: dict[int, set[str]] = field(default_factory=dict)
    texts: dict[TextKey, Sketch] = field(default_factory=dict)
    #: Record → story.
    story_of: dict[int, int] = field(default_factory=dict)
    revisions: dict[int, int] = field(default_factory=dict)
    #: Records whose revisions had no text yet.
    without_text: set[int] = field(default_factory=set)
    #: Record → how it was placed first.
    placements: dict[int, Placement] = field(default_factory=dict)
    merges: int = 0
    last: int = 0

    def add(self, record: int, text: str, now: datetime, *, publisher: str, headline: str | None = None) -> int:
        """Place a record, or a revision of one that has a story, and return its story."""
        one = document(publisher=publisher, headline=headline, text=text, base=self.base)
        found = {shingle: self.postings[shingle] for shingle in one.sketch.sampled.tolist() if shingle in self.postings}
        hits = {key: self.keys[key] for key in one.lookups if key in self.keys}
        ranking = rank(one, postings=found, stories=self.states, hits=hits, now=now)
        self.revisions[record] = self.revisions.get(record, 0) + 1
        if record in self.story_of and record not in self.without_text:
            placement = decision.revise(one, ranking, record=record, story=self.story(self.story_of[record]))
        else:
            stories = {number: self.story(number) for number in ranking.stories}
            needed = decision.texts_needed(ranking, stories)
            texts: Mapping[TextKey, Sketch] = {member.key: self.texts[member.key] for member in needed}
            placement = self.placements[record] = decision.decide(one, ranking, stories=stories, texts=texts)
            if len(one.sketch.tokens):
                self.without_text.discard(record)
            else:  # it gets a story of its own here, and none in the store
                self.without_text.add(record)
        return self.write(record, one, placement, now)

    def story(self, number: int) -> Story:
        return Story(id=number, members=tuple(self.members[number]), publishers=frozenset(self.publishers[number]))

    def write(self, record: int, one: Document, placement: Placement, now: datetime) -> int:
        story = placement.story
        if story is None:
            self.last = story = self.last + 1
            self.members[story], self.publishers[story] = [], set()
            self.states[story] = StoryState(now, placement.round_up)
        for gone in placement.merges:
            self.merge(story, gone)
        self.states[story] = StoryState(max(now, self.states[story].last_at), self.states[story].round_up)
        self.story_of[record] = story
        self.publishers[story].add(one.publisher)
        for shingle in placement.shingles:
            self.postings.setdefault(shingle, []).append(story)
        for key in placement.keys:
            if key.kind is KeyKind.HEADLINE or not self.is_open(key, now):
                self.keys[key] = KeyHit(story, now)
        if placement.stands:
            member = Member(
                record=record,
                revision=self.revisions[record],
                publisher=one.publisher,
                sampled=shortened(one.sketch.sampled),
                size=len(one.sketch.shingles),
            )
            self.members[story] = [other for other in self.members[story] if other.key not in placement.retires]
            self.members[story].append(member)
        if len(one.sketch.tokens):
            self.texts[TextKey(record, self.revisions[record])] = one.sketch
        return story

    def is_open(self, key: Key, now: datetime) -> bool:
        hit = self.keys.get(key)
        state = self.states.get(hit.story) if hit else None
        return state is not None and now - state.last_at <= RULES.window

    def merge(self, story: int, gone: int) -> None:
        self.merges += 1
        self.members[story] = list(decision.standing(self.story(story), self.story(gone)))
        self.publishers[story] |= self.publishers.pop(gone)
        self.states[story] = StoryState(max(self.states[story].last_at, self.states.pop(gone).last_at))
        del self.members[gone]
        for having in self.postings.values():
            if gone in having:
                having[:] = dict.fromkeys(story if other == gone else other for other in having)
        for key, hit in self.keys.items():
            if hit.story == gone:
                self.keys[key] = KeyHit(story, hit.at)
        for record, other in self.story_of.items():
            if other == gone:
                self.story_of[record] = story
