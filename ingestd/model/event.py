"""Events of the log: changes of records, numbered in commit order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

#: Kinds of events.  A record that arrives withheld starts with `withheld` instead of `new`, and is `released` when it
#: may be published.  `reprocessed` means that other rules extracted the same bytes: the story did not change.  `merged`
#: means that the record was a double of another one, which has its revisions now, `purged` that its content was erased.
#: `joined` means that the record is in a story that other records have, `story_merged` that its story took those of
#: another, `story_split` that it was moved to another story by an operator.  `carries_killed` and `carries_uncorrected`
#: are hints: another record whose text it has was killed, or corrected.
EventKind = Literal[
    "new", "revised", "corrected", "killed", "withheld", "released", "carried", "reprocessed", "merged", "purged",
    "joined", "story_merged", "story_split", "carries_killed", "carries_uncorrected",
]  # fmt: skip
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)

#: Kinds of events that overtake others of their record: its content may not be shown any more.
KILLS: tuple[EventKind, ...] = ("killed", "withheld", "purged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event, with the columns of its record and source that readers need."""

    seq: int
    kind: EventKind
    #: When it was committed.
    at: datetime
    record_id: int
    #: The record's revision at the event; `headline` and `versioncreated` are from it.
    revision: int
    #: The record's guid (of a wire item, the agency's) and canonical URL.
    guid: str
    uri: str | None
    #: The record's status from the event on; its present one, if the event did not change it.
    pubstatus: str
    #: None, as are `uri` and `entry_url`, while the record or this revision of it is withheld or killed: logs are
    #: passed on, and the path of a URL often spells the headline.
    headline: str | None
    versioncreated: datetime | None
    #: The entry that caused the event, and its source; URLs are without user-info.
    entry_id: int
    entry_url: str | None
    source_id: int
    source_url: str
    source_title: str | None
    #: Of the event `merged`: the guid of the record that has the revisions now; else None.
    merged_into: str | None = None
    #: Of events of stories: the story; None of others.
    story: int | None = None
    #: Of `joined`: the record that it was compared with; of a hint: the record that was killed or corrected; of
    #: `story_merged` and `story_split`: the other story.
    other: int | None = None
