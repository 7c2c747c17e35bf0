"""The result of a poll, for `polls.save` to commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from os import urandom
from typing import Literal

from ingestd.model.feed import Deleted, Entry
from ingestd.model.source import NO_HINTS, NO_VALIDATORS, Cursor, Hints, Pace, SeenWarning, Source, Validators
from ingestd.model.version import Version
from ingestd.policy.polling.doubt import DISTRUST
from ingestd.store.operations import failures
from ingestd.store.polls.known_items import ListedItem
from ingestd.store.records import raws

PollOutcome = Literal["new", "known", "unchanged", "not_modified", "failed", "pushed"]

#: Condition of a source after a poll (column `condition`); the second "gone" in a row (HTTP 410) ends its polling.
PollCondition = Literal["ok", "throttled", "failing", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """An entry listed in a document, with the fingerprint of its content."""

    entry: Entry
    fingerprint: str
    #: Set if the entry is a version of a wire item, which is saved in the same transaction as the poll.
    version: Version | None = None


@dataclass(slots=True, kw_only=True)
class PollResult:
    """The result of a poll: the new state of the source, and the entries to add or change.

    The poll completes it step by step: a copy for each step took a fifth of the CPU time of a poll.  Once it is handed
    over to be committed, only what is reported of it changes.
    """

    source: Source
    run_id: str
    at: datetime
    #: Duration, including the wait for other requests to the same site.
    seconds: float
    outcome: PollOutcome
    due_at: datetime
    #: For the next conditional request.
    validators: Validators = NO_VALIDATORS
    body_hash: bytes | None = None
    title: str | None = None
    home: str | None = None
    #: HTTP status, and size of the body in bytes; None: no response.
    status: int | None = None
    size: int | None = None
    raw: raws.ArchivedRaw | None = None
    #: Number of entries in the document, and of those seen by an earlier poll; None: no document was parsed.
    listed: int | None = None
    known: int | None = None
    new: tuple[ListedEntry, ...] = ()
    changed: tuple[ListedEntry, ...] = ()
    #: Versions of wire items in document order, including those in `new` and `changed`.
    versions: tuple[ListedEntry, ...] = ()
    #: How many of the entries the previous document had as well.
    overlap: int | None = None
    #: Whether entries may have appeared and disappeared since the last successful poll: a gap.
    may_have_lost: bool = False
    #: URL of older entries that the document gives (RFC 5005).
    older: str | None = None
    #: The ids of entries that were known and are listed again, by guid; None: added with an earlier result of a push.
    seen_again: Mapping[str, int | None] = field(default_factory=dict)
    #: The ids of those that are pending work of a backfill.
    seen_in_backfill: tuple[int, ...] = ()
    #: Items of the document that need not be parsed again when they are in the next one.
    items: tuple[ListedItem, ...] = ()
    #: The guids of entries whose newest version has its text by reference.
    by_reference: frozenset[str] = frozenset()
    #: Entries that the document says were deleted (RFC 6721).
    deleted: tuple[Deleted, ...] = ()
    #: Entries first seen after this time should still be in the document; None: unknown.
    settled_at: datetime | None = None
    failure: failures.Failure | None = None
    #: Remote failures in a row, this poll included.
    failures: int = 0
    condition: PollCondition = "ok"
    hints: Hints = NO_HINTS
    pace: Pace | None = None
    #: Target of a permanent redirect, polls in a row that saw it, and whether they suffice to adopt the new address.
    moved_to: str | None = None
    moved_seen: int = 0
    has_moved: bool = False
    #: The WebSub hub and topic that the document names.
    hub: str | None = None
    topic: str | None = None
    #: The warnings of the documents of this poll, and those of the source from now on; None: as before.
    document_warnings: tuple[str, ...] = ()
    warnings: tuple[SeenWarning, ...] | None = None
    #: Whether the answer was a whole one, no 304 or 204.
    is_full_answer: bool = False
    #: Whether the answer has shown that 304s of the source were false.
    unmasks_304s: bool = False
    #: Where the next poll continues a paginated list; None: at the source's own address.
    cursor: Cursor | None = None
    #: Whether this poll requested a further page of the list, and so learned nothing of the source's own address.
    is_next_page: bool = False
    #: Entries that the source lists at a time; None: as before.
    window: int | None = None
    #: Whether the source stays claimed, because further results of the same poll follow.
    keeps_claim: bool = False
    #: Identifies the result, or the push that it is a part of: a repeated commit finds that it is saved already.
    id: str = field(default_factory=lambda: urandom(16).hex())

    @property
    def distrusted_until(self) -> datetime | None:
        """Until when the validators of the source are not sent."""
        return self.at + DISTRUST if self.unmasks_304s else self.source.distrusted_until

    @property
    def succeeded(self) -> bool:
        """Whether the source answered and its answer could be parsed."""
        return self.failure is None
