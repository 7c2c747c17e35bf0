"""What a poll of a source came to, as it is to be committed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestd.model.feed import Deleted, Entry
from ingestd.model.source import NO_HINTS, NO_VALIDATORS, Cursor, Hints, Pace, Source, Validators
from ingestd.model.version import Version
from ingestd.store.operations import failures
from ingestd.store.records import raws

Outcome = Literal["new", "known", "unchanged", "not_modified", "failed", "pushed"]

#: How a source's last poll went; a second "gone" in a row ends its polling.
Condition = Literal["ok", "throttled", "failing", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """An entry with its fingerprint, as a poll found it."""

    entry: Entry
    fingerprint: str
    #: Where it is a version of a wire item: that is kept at once.
    version: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What a poll of a source came to."""

    source: Source
    run_id: str
    at: datetime
    #: How long it took, waiting for its turn at the site included.
    seconds: float
    outcome: Outcome
    due_at: datetime
    #: What is to be asked with next time.
    validators: Validators = NO_VALIDATORS
    body_hash: bytes | None = None
    title: str | None = None
    home: str | None = None
    #: HTTP status, and size of the body in bytes.
    status: int | None = None
    size: int | None = None
    raw: raws.Kept | None = None
    #: Entries in the document, and of these the ones seen in an earlier poll; None when it was not read.
    listed: int | None = None
    known: int | None = None
    new: tuple[Announcement, ...] = ()
    changed: tuple[Announcement, ...] = ()
    #: Versions of wire items, those of `new` and `changed` among them, in the order they came in.
    versions: tuple[Announcement, ...] = ()
    #: Of the entries, those that the document before had as well.
    overlap: int | None = None
    #: Whether entries may have come and gone since the last poll that went well.
    lost: bool = False
    #: Where the document says its older entries are (RFC 5005).
    older: str | None = None
    #: The guids that were there again.
    seen: tuple[str, ...] = ()
    #: What the document says that it took out.
    deleted: tuple[Deleted, ...] = ()
    #: What was first seen later than this should still be in the document; None where nobody can say.
    settled_at: datetime | None = None
    failure: failures.Failure | None = None
    #: Polls that failed in a row, this one among them where the failure is the source's.
    failures: int = 0
    condition: Condition = "ok"
    hints: Hints = NO_HINTS
    pace: Pace | None = None
    #: Where permanent redirects lead, in how many polls in a row, and whether that is enough to believe it.
    moved_to: str | None = None
    moved_seen: int = 0
    moves: bool = False
    #: Who pushes what is new, and what of.
    hub: str | None = None
    topic: str | None = None
    #: Where to ask the next time, where the list goes on.
    cursor: Cursor | None = None
    #: Whether a page of the list was asked for and not the source's own address, of which then nothing was learned.
    elsewhere: bool = False
    #: How many entries the source shows at a time; None: as many as before.
    window: int | None = None
    #: Whether its source stays claimed: there is more to come of the same look.
    keeps_claim: bool = False

    @property
    def went_well(self) -> bool:
        """Whether the source answered, and its answer could be read."""
        return self.failure is None
