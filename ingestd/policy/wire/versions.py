"""Decide what a version of a wire item does to its record: which version is current, and which are canceled.

The newest version is current, by versioncreated or else by its number.  A version that arrives late becomes a past
revision.  A kill cancels every version that is not certainly newer, including those that arrive after it.  So the
record does not depend on the order of arrival, as far as its versions have times or numbers.  A version with neither
counts as newest on arrival, unless it would undo a kill.

A version that says only in words that it is a kill withholds its record until an operator decides: see
docs/records.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ingestd.model.item import Item, PubStatus
from ingestd.model.version import Version
from ingestd.policy.wire.embargo import embargo_of
from ingestd.policy.wire.version_order import VersionStamp, compare, is_surely_older
from ingestd.policy.wire.withdrawal import replaces_earlier_versions, words_of_kill
from ingestd.text import fold

#: The event of a version that becomes current.
EventKind = Literal["new", "revised", "corrected", "killed", "withheld", "released"]

#: The kind of change by a version.  new, killed, withheld, released, corrected, text, headline, fields, silent: it
#: becomes the current revision, named by its effect.  late: it becomes a past revision.  carried: one more source
#: carries a stored version.  same: nothing changes.
Change = Literal[
    "new", "killed", "withheld", "released", "corrected", "text", "headline", "fields", "silent", "late",
    "carried", "same",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A version stored as a revision."""

    revision: int
    stamp: VersionStamp
    pubstatus: PubStatus
    content_hash: str
    item_hash: str | None
    headline: str | None
    #: The source that sent it, and its format.
    source_id: int
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordState:
    """A record before a version is added: its status, its current revision and all its revisions."""

    pubstatus: PubStatus
    current: StoredVersion
    versions: Sequence[StoredVersion]
    #: The sources that carry it.
    carriers: frozenset[int] = frozenset()
    #: When its embargo ends; None: no embargo, or one without an end.
    release_at: datetime | None = None
    #: Whether its current version says in words that it is a kill, and nobody has decided yet.
    is_unconfirmed_kill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedVersion:
    """A version as received from a source."""

    stamp: VersionStamp
    #: As of now: usable after the end of an embargo.
    pubstatus: PubStatus
    content_hash: str
    item_hash: str
    headline: str | None
    source_id: int
    format: str
    is_correction: bool = False
    #: When the embargo of a withheld version ends; None: no embargo, or one without an end.
    release_at: datetime | None = None
    #: The words by which a withheld version says that it is a kill; None: it does not say so.
    kill_words: str | None = None
    #: Whether it voids the earlier versions.
    replaces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The effect of a version on its record."""

    change: Change
    #: The status of its revision, and the new status of the record.
    pubstatus: PubStatus
    record_status: PubStatus
    #: Revisions that it cancels.
    cancels: tuple[int, ...] = ()
    #: The new end of the record's embargo.
    release_at: datetime | None = None
    #: None: the record does not change.
    event: EventKind | None = None
    #: The words by which the new current version says that it is a kill; None: it does not say so.
    kill_words: str | None = None

    @property
    def is_revision(self) -> bool:
        """Whether the version becomes a revision."""
        return self.change not in ("carried", "same")

    @property
    def is_current(self) -> bool:
        """Whether the version becomes the current revision."""
        return self.is_revision and self.change != "late"


def received_version(version: Version, source_id: int, now: datetime) -> ReceivedVersion:
    """Return the version as received from a source at `now`."""
    item, article, embargo = version.item, version.article, embargo_of(version.item)
    kill = words_of_kill(item)
    status: PubStatus = "withheld" if kill else item.pubstatus
    if status != "canceled" and not kill:
        status = "withheld" if embargo and (embargo.until is None or embargo.until > now) else "usable"
    return ReceivedVersion(
        stamp=VersionStamp(version=item.version, versioncreated=article.versioncreated),
        pubstatus=status,
        content_hash=version.content_hash,
        item_hash=version.item_hash,
        headline=article.headline,
        source_id=source_id,
        format=version.format,
        is_correction=corrects(item),
        release_at=embargo.until if embargo and status == "withheld" and not kill else None,
        kill_words=kill,
        replaces=replaces_earlier_versions(item),
    )


def corrects(item: Item) -> bool:
    """Return whether a version corrects an earlier one; a writethru and a replacement do."""
    return item.is_correction or not {"writethru", "replacement"}.isdisjoint(item.signals)


def effect_of(received: ReceivedVersion, record: RecordState | None) -> Effect:
    """Return the effect of a version on the record of its item; `record` is None when there is no record yet."""
    if record is None:
        first = _by_status(None, received.pubstatus) or "new"
        return _current_effect(received, first, first, ())
    if _is_stored(received, record):
        again: Change = "same" if received.source_id in record.carriers else "carried"
        return Effect(change=again, pubstatus=received.pubstatus, record_status=record.pubstatus)
    if received.kill_words and record.pubstatus == "canceled":
        received = replace(received, pubstatus="canceled", kill_words=None)  # it confirms the kill
    cancels: tuple[int, ...] = ()
    if received.pubstatus == "canceled" or (received.replaces and received.pubstatus == "usable"):
        cancels = tuple(
            v.revision for v in record.versions if v.pubstatus != "canceled" and _cancels(received.stamp, v)
        )
    if _is_late(received, record):
        return _late_effect(received, record, cancels if received.pubstatus == "canceled" else ())
    received = _at_least_as_strict(received, record)
    event = _by_status(record.pubstatus, received.pubstatus)
    change = event or _change(received, record.current)
    return _current_effect(received, change, event or ("corrected" if received.is_correction else "revised"), cancels)


def _current_effect(received: ReceivedVersion, change: Change, event: EventKind, cancels: tuple[int, ...]) -> Effect:
    return Effect(
        change=change,
        pubstatus=received.pubstatus,
        record_status=received.pubstatus,
        release_at=received.release_at,
        cancels=cancels,
        event=event,
        kill_words=received.kill_words,
    )


def _late_effect(received: ReceivedVersion, record: RecordState, cancels: tuple[int, ...]) -> Effect:
    kills = (stored for stored in record.versions if stored.pubstatus == "canceled")
    canceled = any(not is_surely_older(kill.stamp, received.stamp) for kill in kills)
    status: PubStatus = "canceled" if canceled else received.pubstatus
    return Effect(change="late", pubstatus=status, record_status=record.pubstatus, cancels=cancels)


def _at_least_as_strict(received: ReceivedVersion, record: RecordState) -> ReceivedVersion:
    """Return the version with the stricter status when it is the current version received by another route.

    Formats differ in detail: a missing embargo in one does not lift the embargo in another.
    """
    if not _is_other_route(received, record.current) or compare(received.stamp, record.current.stamp) != 0:
        return received
    if _STRICTNESS[received.pubstatus] < _STRICTNESS[record.pubstatus]:
        return replace(received, pubstatus=record.pubstatus, release_at=record.release_at, kill_words=None)
    if received.pubstatus == record.pubstatus and not _ends_later(received, record):
        return replace(received, release_at=record.release_at)
    return received


def _is_other_route(received: ReceivedVersion, stored: StoredVersion) -> bool:
    """Return whether a version came from another source, or in another format, than a stored one.

    The same version sent again by the same source in the same format is an intended change.
    """
    return (stored.source_id, stored.format) != (received.source_id, received.format)


def _ends_later(received: ReceivedVersion, record: RecordState) -> bool:
    """Return whether the version's embargo ends later than the record's; an embargo without an end is the latest."""
    if received.release_at is None or record.release_at is None:
        return record.release_at is not None
    return received.release_at > record.release_at


#: The stricter of two statuses wins.
_STRICTNESS: Mapping[PubStatus, int] = {"usable": 0, "withheld": 1, "canceled": 2}


def _by_status(before: PubStatus | None, after: PubStatus) -> Literal["killed", "withheld", "released"] | None:
    """Return the event of a change of status; None if the status stays, or the record is new and usable."""
    if after == before or (before is None and after == "usable"):
        return None
    if after == "canceled":
        return "killed"
    return "withheld" if after == "withheld" else "released"


def _is_stored(received: ReceivedVersion, record: RecordState) -> bool:
    """Return whether a version is stored already, from any source and in any format."""
    is_stricter = _STRICTNESS[received.pubstatus] > _STRICTNESS[record.pubstatus]
    if record.current.item_hash == received.item_hash and record.pubstatus == "usable":
        # Time or an operator has released this very version.
        return True
    if any(stored.item_hash == received.item_hash for stored in record.versions):
        # Received before, but setting an embargo again is a change.
        return not is_stricter or compare(received.stamp, record.current.stamp) == -1
    return any(_is_same_version(received, stored, record) for stored in record.versions)


def _is_same_version(received: ReceivedVersion, stored: StoredVersion, record: RecordState) -> bool:
    """Return whether a version is a stored one received by another route."""
    if not _is_other_route(received, stored) or compare(received.stamp, stored.stamp) != 0:
        return False
    if stored.pubstatus == "canceled":
        return received.pubstatus == "canceled" or _text_key(stored) == _text_key(received)
    if _text_key(stored) != _text_key(received) or _STRICTNESS[received.pubstatus] > _STRICTNESS[stored.pubstatus]:
        return False
    is_withheld = stored.revision == record.current.revision and received.pubstatus == "withheld"
    return not (is_withheld and _ends_later(received, record))


def _text_key(one: StoredVersion | ReceivedVersion) -> tuple[str, str]:
    return one.content_hash, fold(one.headline or "")


def _cancels(kill: VersionStamp, stored: StoredVersion) -> bool:
    return not is_surely_older(kill, stored.stamp)


def _is_late(received: ReceivedVersion, record: RecordState) -> bool:
    """Return whether a version is older than the current one; only a certainly newer version undoes a kill."""
    current = record.current.stamp
    if received.pubstatus == "canceled" or received.kill_words:
        return is_surely_older(received.stamp, current)
    if record.pubstatus == "canceled" or record.is_unconfirmed_kill:
        return not is_surely_older(current, received.stamp)
    return compare(received.stamp, current) == -1


def _change(received: ReceivedVersion, current: StoredVersion) -> Change:
    if compare(received.stamp, current.stamp) == 0:
        return "silent"
    if received.is_correction:
        return "corrected"
    if received.content_hash != current.content_hash:
        return "text"
    if fold(received.headline or "") != fold(current.headline or ""):
        return "headline"
    return "fields"
