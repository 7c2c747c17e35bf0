"""Stories: sets of records that have one another's text."""

from collections.abc import Iterator
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
class StoryCopy:
    """A record in its story, with the evidence that put it there."""

    record_id: int
    guid: str
    pubstatus: PubStatus
    #: None, as are `changed`, if the record is withheld or killed.
    headline: str | None
    #: Registrable domain of its first source.
    publisher: str
    seen_at: datetime
    printed_at: datetime | None
    #: How many entries carried this very text, and its revisions.
    carriers: int
    revisions: int
    #: How it came to its story: `likeness.placement.How`.
    how: str
    #: The record that it was compared with; how much of its text that has, and the other way round, 0 to 1.
    of_record: int | None
    of_document: float | None
    of_member: float | None
    #: Weight of facts that differ where both texts run in parallel, and of all; pairs that differ, of the other record
    #: and of this one.
    clashes: float | None
    facts: float | None
    changed: tuple[tuple[str, str], ...]
    #: Whose text it has, and how much of its own is that.  None: it is the origin, or that is not known.
    origin_record: int | None
    second_origin: int | None
    share: float | None
    #: The agency that issued the text; the agencies that it credits.
    agency: str | None
    credits: tuple[str, ...]
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
    publishers: int
    #: Who carried it first, the origin aside; and where another entry than the record's own did, that.
    first_record: int | None
    first_entry: int | None
    #: The record that most others have their text from, and the agency that issued it.
    origin_record: int | None
    agency: str | None
    copies: tuple[StoryCopy, ...]


def reasons(one: StoryCopy) -> Iterator[str]:
    """Yield in words how a record came to its story, whose text it has, and what it changed."""
    if one.of_record is None:
        yield one.how
    elif one.of_document:
        yield (
            f"{one.how}: {percent(one.of_document)} of it is in record {one.of_record}, "
            f"{percent(one.of_member)} of that in it"
        )
    else:
        yield f"{one.how}: record {one.of_record}"
    if one.evidence:
        yield "origin by " + ", ".join(f"{name} ({found})" if found else f"no {name}" for name, found in one.evidence)
    if one.via_record:
        yield f"copied from record {one.via_record}"
    if one.changed:
        yield "differs: " + "; ".join(f"{theirs} → {own}" for theirs, own in one.changed)


def percent(share: float | None) -> str | None:
    """Return a share in words, None for None."""
    return None if share is None else f"{share:.0%}"
