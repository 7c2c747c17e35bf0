"""Decide how records that one entry made by mistake become one record.

The record with the lowest number is kept.  It gets the revisions of the others, in the order in which they were seen;
the latest text of the entry is the last one and thus current.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleRevision:
    """The fields of a revision that decide its place."""

    id: int
    record_id: int
    revision: int
    change: str
    content_hash: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What becomes of the records of one entry."""

    kept: int
    #: Ascending.
    dropped: tuple[int, ...]
    #: All revisions with their new record, number and change, in ascending order of the number.
    revisions: tuple[DoubleRevision, ...]

    @property
    def current(self) -> DoubleRevision:
        """The revision that is current from now on."""
        return self.revisions[-1]


def merge(revisions: Sequence[DoubleRevision], *, latest: int | None) -> Merge:
    """Return how at least two records become one, given all their revisions.

    `latest` is the record that the entry belongs to: the result of its last change went there.  If it is none of these
    records, the current revision that was seen last is the latest.

    The numbers of the kept record's revisions stay, unless a revision of another record was seen before them or theirs
    is not the latest.  Of several revisions with the change "new" only the first one stays so.
    """
    current: dict[int, DoubleRevision] = {}
    for one in sorted(revisions, key=lambda one: one.revision):
        current[one.record_id] = one
    kept, *dropped = sorted(current)
    last = current.get(latest or 0) or max(current.values(), key=_seen)
    ordered = [*sorted((one for one in revisions if one.id != last.id), key=_seen), last]
    first_number = min(one.revision for one in revisions if one.record_id == kept)
    merged: list[DoubleRevision] = []
    for number, one in enumerate(ordered, first_number):
        change = one.change
        if change == "new" and merged:
            change = "headline" if one.content_hash == merged[-1].content_hash else "text"
        merged.append(
            DoubleRevision(
                id=one.id, record_id=kept, revision=number, change=change, content_hash=one.content_hash,
                seen_at=one.seen_at,
            )
        )  # fmt: skip
    return Merge(kept=kept, dropped=tuple(dropped), revisions=tuple(merged))


def _seen(one: DoubleRevision) -> tuple[datetime, int]:
    return one.seen_at, one.id
