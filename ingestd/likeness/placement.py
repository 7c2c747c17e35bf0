"""Values that placing a document in a story passes between the store and the pure steps."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Literal, NamedTuple

from ingestd.likeness.arrays import Hashes
from ingestd.likeness.sketch import Sketch


class KeyKind(IntEnum):
    """What a key of `story_keys` is made from."""

    #: The whole of a short text.
    TEXT = 1
    #: The headline of a longer one.
    HEADLINE = 2


class Key(NamedTuple):
    """A short text or a headline as a number of 63 bits; equal ones are equal but for marks such as BREAKING."""

    kind: KeyKind
    number: int


class KeyHit(NamedTuple):
    """The story that a key is stored for."""

    story: int
    #: When it was stored.
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A record's revision as the steps see it."""

    #: Site or source that publishes it.
    publisher: str
    sketch: Sketch
    #: Whether it is placed by its keys alone.
    is_short: bool
    #: Keys to look up, in order of preference, and those to store for the story it is placed in.
    lookups: tuple[Key, ...] = ()
    keys: tuple[Key, ...] = ()


class StoryState(NamedTuple):
    """What `rank` must know of a story that shares a shingle or a key with the document."""

    #: Time of its newest document.
    last_at: datetime
    round_up: bool = False
    #: Time of the document that began it; None: no document is older.
    first_at: datetime | None = None

    def is_open(self, now: datetime, window: timedelta) -> bool:
        """Return whether it takes a document of a time: not long after its newest, nor long before its first."""
        return now - self.last_at <= window and (self.first_at is None or self.first_at - now <= window)


class TextKey(NamedTuple):
    """Which text: that of a revision, which never changes."""

    record: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """A revision of a record that stands for its story: documents are compared with it."""

    record: int
    revision: int
    publisher: str
    #: The sampled shingles of that text, as `arrays.shortened` gives them.
    sampled: Hashes
    #: Distinct shingles of that text.
    size: int

    @property
    def key(self) -> "TextKey":
        """What its text is found by."""
        return TextKey(self.record, self.revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A candidate as the store has it."""

    id: int
    #: Those that stand for it, in the order in which they joined; at most `Rules.stand_at_most`.
    members: tuple[Member, ...]
    #: Publishers of all its records.
    publishers: frozenset[str] = frozenset()


How = Literal["record", "equal short text", "alert", "equal", "text", "aligned", "round-up", "new"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a document is in its story."""

    #: record: it revises a record of the story; equal short text: a short text or headline is equal; alert: the story
    #: has an alert with the same words as its headline; equal: it has the text of the member; text: one of the two
    #: contains enough of the other; aligned: enough of its words run in parallel; round-up: it has parts of several
    #: stories and is placed alone; new: no story has enough of it.
    how: How
    #: The record it was compared with.
    member: int | None = None
    #: Share of the document that the member has, and of the member that the document has.
    of_document: float = 0.0
    of_member: float = 0.0
    #: How many of the two leads are in the other text.
    leads: int = 0
    same_publisher: bool = False
    #: Weight of facts in parallel passages that clash, and of all.
    clashes: float = 0.0
    facts: float = 0.0
    #: Facts that clash, as (in the member, in the document).
    changed: tuple[tuple[str, str], ...] = ()
    #: Other stories with a part of it, of a round-up all, as (story, share of the document), the largest first.
    also: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What to write for a document."""

    #: None: a story of its own.
    story: int | None
    evidence: Evidence
    #: Younger stories that merge into `story`.
    merges: tuple[int, ...] = ()
    #: Sampled shingles for which the story has no row yet and gets one; not those of ubiquitous shingles.
    shingles: tuple[int, ...] = ()
    #: Keys to store: of a text only where the key has no story in the window, of a headline always.
    keys: tuple[Key, ...] = ()
    #: Whether the revision stands for the story from now on, and those that no longer do.
    stands: bool = False
    retires: tuple[TextKey, ...] = ()

    @property
    def round_up(self) -> bool:
        """Whether the new story is a round-up, which attracts nothing."""
        return self.evidence.how == "round-up"
