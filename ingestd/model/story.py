"""Stories: sets of records that have one another's text."""

from dataclasses import dataclass
from datetime import datetime

from ingestd.model.item import PubStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What a record says of its story."""

    story: int | None = None
    #: The record whose text it has, as far as that is known: the copy that it was copied from, else the origin, else
    #: the one that it was compared with.  None: it is the origin, or alone.
    copy_of: int | None = None
    #: How much of its text the origin has or, where that is not here, the record that it was compared with; 0 to 1.
    share: float | None = None
    origin_record: int | None = None
    #: The record that carried the story first, the origin aside.
    first_carrier: int | None = None


NO_COPY = Copy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A fact, such as a number or a name, that differs where two texts run in parallel."""

    #: In the record that it was compared with, and in this one.
    theirs: str
    own: str
    #: The words around it in this one.  None: not looked up, or the text has changed since.
    where: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCarrier:
    """An entry that carries a record's text."""

    entry_id: int
    #: Registrable domain of its page, else of its source.
    publisher: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryVersion:
    """A revision of a record; without words, so it is shown of every record."""

    revision: int
    #: "new", "revised", "corrected" and the like, as in the record's revisions.
    change: str
    seen_at: datetime
    #: As the publisher states it.
    versioncreated: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCopy:
    """A record in its story, with the evidence that put it there."""

    record_id: int
    guid: str
    pubstatus: PubStatus
    #: None, as is its canonical address, if the record is withheld or killed; `changed`, `credits`, `named` and
    #: `evidence` are then empty.
    headline: str | None
    uri: str | None
    #: Registrable domain of its first source.
    publisher: str
    seen_at: datetime
    printed_at: datetime | None
    #: The entries that carry this very text, in the order in which they were seen, and its revisions, oldest first.
    carriers: tuple[StoryCarrier, ...]
    versions: tuple[StoryVersion, ...]
    #: How it came to its story: `likeness.placement.How`.
    how: str
    #: The record that it was compared with; how much of its text that has, and the other way round, 0 to 1.
    of_record: int | None
    of_document: float | None
    of_member: float | None
    #: Weight of facts that differ where both texts run in parallel, and of all.
    clashes: float | None
    facts: float | None
    changed: tuple[Change, ...]
    #: Other stories that have a part of it, with that share of its text.
    also: tuple[tuple[int, float], ...]
    #: Whose text it has, and how much of its own is that.  None: it is the origin, or that is not known.
    origin_record: int | None
    second_origin: int | None
    share: float | None
    #: The agency whose own document it is, and the one that issued the text: names or codes.
    own_agency: str | None
    agency: str | None
    #: The agencies that it credits, and the hosts that it says it is from.
    credits: tuple[str, ...]
    named: tuple[str, ...]
    #: The copy that it was copied from.
    via_record: int | None
    #: Each rung of evidence of its origin, and what it gave.
    evidence: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story, with its records in the order in which they were seen."""

    id: int
    #: Of the record that the others have their text from; else of the first that may be shown.
    headline: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    #: It has parts of several other stories.
    round_up: bool
    #: An operator has put it together.
    pinned: bool
    #: Entries that carry one of its records, and their publishers.
    carriers: int
    publishers: int
    #: Who carried it first, the origin aside; and where another entry than the record's own did, that.
    first_record: int | None
    first_entry: int | None
    #: The record that most others have their text from, and the agency that issued it.
    origin_record: int | None
    agency: str | None
    copies: tuple[StoryCopy, ...]

    @property
    def uri(self) -> str | None:
        """The address of the record that the headline is from; None: it has none that may be shown."""
        ordered = sorted(self.copies, key=lambda one: one.record_id != self.origin_record)
        return next((one.uri for one in ordered if one.headline), None)
