"""What is known of stories while some records are placed, and what is to be written.

Records of one batch see the placements before them: what they write is added here at once, and to the database at the
end.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from ingestd.likeness.arrays import shortened
from ingestd.likeness.decision import standing
from ingestd.likeness.placement import (
    Document,
    Evidence,
    Key,
    KeyHit,
    KeyKind,
    Member,
    Placement,
    Story,
    StoryState,
    TextKey,
)
from ingestd.likeness.rules import RULES, Rules
from ingestd.likeness.tellers import Teller
from ingestd.store.stories.documents import StoredText
from ingestd.store.stories.members import LEAST_TOKENS
from ingestd.store.stories.packing import as_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A story whose records another one takes."""

    kept: int
    gone: int
    #: The record that fits both, and when it was placed.
    record_id: int
    at: datetime
    #: Texts that no longer stand for the story.
    retired: tuple[TextKey, ...]


@dataclass(slots=True, kw_only=True)
class Changes:
    """What is to be written, by table."""

    stories: dict[int, dict[str, Any]] = field(default_factory=dict)
    #: Story → time of its newest document.
    touched: dict[int, datetime] = field(default_factory=dict)
    shingles: list[tuple[int, int]] = field(default_factory=list)
    keys: dict[Key, tuple[int, datetime]] = field(default_factory=dict)
    samples: dict[TextKey, dict[str, Any]] = field(default_factory=dict)
    #: Texts that no longer stand for their story.
    retired: list[TextKey] = field(default_factory=list)
    copies: dict[int, dict[str, Any]] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    #: Columns of copies that exist, by record.
    revised: dict[int, dict[str, Any]] = field(default_factory=dict)
    #: Story → its first carrier: the record, and the entry if another one than that of the record.
    firsts: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)

    def update_copy(self, record_id: int, values: Mapping[str, Any]) -> None:
        """Change columns of a copy, whether new or stored."""
        row = self.copies.get(record_id)
        (self.revised.setdefault(record_id, {}) if row is None else row).update(values)

    @property
    def record_ids(self) -> set[int]:
        """The records that must still exist when this is written."""
        return {*self.copies, *(key.record for key in self.samples)}


class WorkingSet:
    """Stories that may be the ones of some documents; `place` changes it."""

    def __init__(self, *, last_story: int, rules: Rules = RULES) -> None:
        self._last_story = last_story
        self._pinned: set[int] = set()
        self._rules = rules
        #: Shingle → stories.
        self.postings: dict[int, tuple[int, ...]] = {}
        self.states: dict[int, StoryState] = {}
        self.hits: dict[Key, KeyHit] = {}
        #: Stories whose members are known.
        self.stories: dict[int, Story] = {}
        #: When each of their members joined.
        self.joined: dict[TextKey, datetime] = {}
        #: Record → its story.
        self.story_of: dict[int, int] = {}
        #: Record → the agencies that its revisions credit.
        self.credits: dict[int, set[str]] = {}
        self.changes = Changes()
        # What placements have changed here: whoever was ranked before must be ranked again where it concerns them.
        self._changed_shingles: set[int] = set()
        self._changed_keys: set[Key] = set()
        self._changed_stories: set[int] = set()

    def add_states(self, rows: Iterable[Any]) -> None:
        """Add states of stories, from rows of `stories`."""
        for row in rows:
            self.states[row.id] = StoryState(row.last_at, row.round_up, row.created_at)
            if row.pinned:
                self._pinned.add(row.id)

    def add_stories(self, found: Mapping[int, Story], joined: Mapping[TextKey, datetime]) -> None:
        """Add stories with their members, and when these joined."""
        self.stories.update(found)
        self.joined.update(joined)

    def concerns(self, document: Document) -> bool:
        """Return whether a placement has changed what the ranking of a document depends on."""
        if not self._changed_keys.isdisjoint(document.lookups):
            return True
        sampled = document.sketch.sampled.tolist()
        if not self._changed_shingles.isdisjoint(sampled):
            return True
        return bool(self._changed_stories) and any(
            story in self._changed_stories for shingle in sampled for story in self.postings.get(shingle, ())
        )

    def missing(self, story_ids: Collection[int]) -> list[int]:
        """Return those of some stories whose members are not known."""
        return [story_id for story_id in story_ids if story_id not in self.stories and story_id in self.states]

    def touch(self, story_id: int, at: datetime) -> None:
        """Note that a document of a story was seen."""
        state = self.states.get(story_id)
        if state is None or state.last_at >= at:
            return
        self.states[story_id] = state._replace(last_at=at)
        if at - state.last_at > self._rules.alert:
            # It may have been closed for some documents, and is open now.
            self._changed_stories.add(story_id)
        if story_id in self.changes.stories:
            self.changes.stories[story_id]["last_at"] = at
        else:
            self.changes.touched[story_id] = at

    def place(self, text: StoredText, document: Document, placement: Placement, said: Teller | None = None) -> int:
        """Write a placement down; return the story.  `said` is given for a record that has had none."""
        story_id = self._new_story(text, placement) if placement.story is None else placement.story
        self.touch(story_id, text.time)
        self._changed_shingles.update(placement.shingles)
        self.changes.shingles += [(shingle, story_id) for shingle in placement.shingles]
        # One tuple for all shingles that no other story has: a list for each would keep the garbage collector busy.
        alone, postings = (story_id,), self.postings
        for shingle in placement.shingles:
            having = postings.get(shingle)
            postings[shingle] = alone if having is None else (*having, story_id)
        self._store_keys(placement.keys, story_id, text)
        self._add_member(text, document, placement, story_id)
        if said:
            self.story_of[text.record_id] = story_id
            self.credits[text.record_id] = set(said.credits)
            self.changes.copies[text.record_id] = _copy(text, document, placement.evidence, story_id, said)
        for gone in placement.merges:
            if self._pinned.isdisjoint((story_id, gone)):
                self._merge(story_id, gone, text)
        return story_id

    def revise(self, text: StoredText, credited: Collection[str]) -> None:
        """Note the newest revision of a record, and whom its revisions credit."""
        if text.article and text.article.body_text:
            self.credits.setdefault(text.record_id, set()).update(credited)
            named = sorted(self.credits[text.record_id])
            self.changes.update_copy(text.record_id, {"revision": text.revision, "credits": named})

    def _new_story(self, text: StoredText, placement: Placement) -> int:
        self._last_story += 1
        self.states[self._last_story] = StoryState(text.time, placement.round_up, text.time)
        self.stories[self._last_story] = Story(id=self._last_story, members=())
        self.changes.stories[self._last_story] = {
            "id": self._last_story, "created_at": text.time, "last_at": text.time, "round_up": placement.round_up,
        }  # fmt: skip
        return self._last_story

    def _store_keys(self, keys: Iterable[Key], story_id: int, text: StoredText) -> None:
        for key in keys:
            hit = self.hits.get(key)
            state = self.states.get(hit.story) if hit else None
            since = text.time - state.last_at if state else None
            if since is not None and key.kind is KeyKind.TEXT and since <= self._rules.window:
                continue
            if since is not None and -since > self._rules.window:
                continue  # the text is of a backfill: later ones look for the younger story
            self.hits[key] = KeyHit(story_id, text.at)
            self._changed_keys.add(key)
            self.changes.keys[key] = (story_id, text.at)

    def _add_member(self, text: StoredText, document: Document, placement: Placement, story_id: int) -> None:
        story = self.stories.get(story_id)
        members = story.members if story else ()
        short = shortened(document.sketch.sampled) if placement.stands or placement.shingles else _NO_HASHES
        if placement.stands:
            self.changes.retired += placement.retires
            member = Member(
                record=text.record_id,
                revision=text.revision,
                publisher=text.publisher,
                sampled=short,
                size=len(document.sketch.shingles),
            )
            self.joined[member.key] = text.at
            gone = {member.key, *placement.retires}
            members = self._ordered([member, *(one for one in members if one.key not in gone)])
        if placement.stands or placement.shingles:
            sampled = as_bytes(short)
            is_all = len(placement.shingles) == len(short)
            added = sampled if is_all else as_bytes(shortened(np.array(placement.shingles, np.uint64)))
            self.changes.samples[TextKey(text.record_id, text.revision)] = {
                "record_id": text.record_id, "revision": text.revision, "story_id": story_id, "at": text.at,
                "size": len(document.sketch.shingles),
                "sampled": sampled if placement.stands else None,
                "added": None if placement.stands and added == sampled else added,
            }  # fmt: skip
        publishers = story.publishers if story else frozenset[str]()
        if len(document.sketch.tokens) >= LEAST_TOKENS:
            publishers |= {text.publisher}
        if story:
            self.stories[story_id] = replace(story, members=members, publishers=publishers)

    def _ordered(self, members: Iterable[Member]) -> tuple[Member, ...]:
        return tuple(sorted(members, key=lambda one: (self.joined[one.key], one.key)))

    def _merge(self, kept: int, gone: int, text: StoredText) -> None:
        self._changed_stories |= {kept, gone}
        first, second = self.stories[kept], self.stories[gone]
        members = standing(first, second, self._rules)
        retired = {member.key for member in first.members + second.members} - {one.key for one in members}
        self.stories[kept] = Story(
            id=kept,
            members=self._ordered(members),
            publishers=first.publishers | second.publishers,
        )
        del self.stories[gone]
        self.touch(kept, self.states.pop(gone).last_at)
        for shingle, having in self.postings.items():
            if gone in having:
                others = tuple(story for story in having if story != gone)
                self.postings[shingle] = others if kept in others else (*others, kept)
        moved = {key: hit._replace(story=kept) for key, hit in self.hits.items() if hit.story == gone}
        self._changed_keys.update(moved)
        self.hits.update(moved)
        self.story_of = {record: kept if story == gone else story for record, story in self.story_of.items()}
        merge = Merge(kept=kept, gone=gone, record_id=text.record_id, at=text.at, retired=tuple(sorted(retired)))
        self.changes.merges.append(merge)


_NO_HASHES = np.zeros(0, np.uint64)


def _copy(text: StoredText, document: Document, evidence: Evidence, story_id: int, said: Teller) -> dict[str, Any]:
    compared = evidence.member is not None
    return {
        "record_id": text.record_id,
        "story_id": story_id,
        "revision": text.revision,
        "publisher": text.publisher,
        "seen_at": said.seen,
        "tokens": len(document.sketch.tokens),
        "how": evidence.how,
        "of_record": evidence.member,
        "of_document": evidence.of_document if compared else None,
        "of_member": evidence.of_member if compared else None,
        "leads": evidence.leads if compared else None,
        "clashes": evidence.clashes if compared else None,
        "facts": evidence.facts if compared else None,
        "changed": [list(pair) for pair in evidence.changed] or None,
        "also": [list(pair) for pair in evidence.also] or None,
        "printed_at": said.printed,
        "agency": said.agency,
        "credits": sorted(said.credits),
        "named": list(said.named),
        "origin_record": None,
        "second_origin": None,
        "origin_agency": None,
        "origin_evidence": None,
        "share": None,
        "via_record": None,
    }
