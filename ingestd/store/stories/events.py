"""Events of stories, before they have numbers."""

from dataclasses import dataclass
from datetime import datetime

from ingestd.model.event import EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEvent:
    """Something that happened to the story of a record."""

    kind: EventKind
    record_id: int
    revision: int
    #: The entry that created the record.
    entry_id: int
    at: datetime
    story_id: int
    #: joined: the record that it was compared with; story_merged, story_split: the other story; hints: the record that
    #: was killed or corrected.
    other_id: int | None = None
