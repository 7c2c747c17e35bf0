"""Schedule of revisits to a page, and the state of its visits so far.

A new story changes often, an old one rarely: the wait until the next visit grows with the story's age.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

#: HTTP status of a page that is gone: 404, 410, or 451 (RFC 7725).
Gone = Literal["404", "410", "451"]

#: The wait as a multiple of the story's age: at each visit the story is twice as old as at the one before.
_WAIT_PER_AGE = 1.0

#: A visit that is late by more than this share of the time in which pages are revisited is skipped.
_TOLERATED_DELAY = 1 / 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """State of the visits to a page."""

    #: Visits after the one that made the record.
    count: int = 0
    last_at: datetime | None = None
    #: None: no further visit.
    next_at: datetime | None = None
    #: The status by which the page is gone, and since when; None while it is there.
    gone: Gone | None = None
    gone_since: datetime | None = None

    def found(self, at: datetime, *, is_revisit: bool, next_at: datetime | None) -> "Visits":
        """Return the state after a visit that found the page; `is_revisit` is False for the first visit."""
        return Visits(count=self.count + is_revisit, last_at=at, next_at=next_at)

    def missed(self, at: datetime, *, gone: Gone | None, next_at: datetime | None) -> "Visits":
        """Return the state after a visit that failed; `gone` is None unless the failure means that the page is gone."""
        visited = replace(self, count=self.count + 1, last_at=at, next_at=next_at)
        return replace(visited, gone=gone, gone_since=self.gone_since or at) if gone else visited

    def postponed(self, next_at: datetime) -> "Visits":
        """Return the state with another time for the next visit."""
        return replace(self, next_at=next_at)


NO_VISITS = Visits()


def gone_from_status(status: int) -> Gone | None:
    """Return the status as `Gone`; None if it does not mean that the page is gone."""
    return next((kind for kind in get_args(Gone) if kind == str(status)), None)


def story_date(first_seen: datetime, published: datetime | None) -> datetime:
    """Return the time from which a story's age counts: published, if known and before it was first seen."""
    return min(first_seen, published) if published else first_seen


def next_visit(now: datetime, *, story_date: datetime, first: float, until: float, jitter: float) -> datetime | None:
    """Return the time of a page's next visit; None when there is none.

    The wait is `first` seconds, or the story's age if that is more; the last visit is at the age of `until` seconds,
    and an older story has none.  A `first` or `until` of 0 turns revisits off.  `jitter` in [0, 1) makes the wait up to
    a tenth longer, so that the visits of stories that arrived together spread out.

    A story dated in the future, as after the clock was set back, has the age 0.
    """
    age = max(0.0, (now - story_date).total_seconds())
    if not first or age >= until:
        return None
    wait = min(max(first, age * _WAIT_PER_AGE) * (1 + jitter / 10), max(first, until - age))
    return now + timedelta(seconds=wait)


def is_too_late(now: datetime, *, story_date: datetime, until: float) -> bool:
    """Return whether a visit is so late, as after a long stop, that it is skipped."""
    return (now - story_date).total_seconds() > until * (1 + _TOLERATED_DELAY)
