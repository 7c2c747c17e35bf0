"""When a page is visited again, and what visits have come to so far.

A young story changes often, an old one hardly ever: the wait until the next visit grows with the story's age.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

#: What a server says of a page that is not there any more: HTTP status 404, 410, or 451 (RFC 7725).
Gone = Literal["404", "410", "451"]

#: The wait is so much of the story's age: each visit finds it twice as old as the one before.
_OF_AGE = 1.0

#: A visit that is late by more than this, of the time in which there are visits, is left out.
_LATE = 1 / 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """How the visits of a page stand."""

    #: After the one that made the record.
    count: int = 0
    last_at: datetime | None = None
    #: None where there are none to come.
    next_at: datetime | None = None
    #: What the page is gone by, and since when; None while it is there.
    gone: Gone | None = None
    gone_since: datetime | None = None

    def found(self, at: datetime, *, again: bool, next_at: datetime | None) -> "Visits":
        """Return them with one more that found the page; `again` is whether it was a visit after the first."""
        return Visits(count=self.count + again, last_at=at, next_at=next_at)

    def missed(self, at: datetime, *, gone: Gone | None, next_at: datetime | None) -> "Visits":
        """Return them with one more that found nothing, be it that the page is gone; a failure says nothing of that."""
        tried = replace(self, count=self.count + 1, last_at=at, next_at=next_at)
        return replace(tried, gone=gone, gone_since=self.gone_since or at) if gone else tried

    def postponed(self, next_at: datetime) -> "Visits":
        """Return them as they are, with the next one later."""
        return replace(self, next_at=next_at)


NO_VISITS = Visits()


def gone_from_status(status: int) -> Gone | None:
    """Return what a page is gone by, None where an HTTP status does not say that."""
    return next((kind for kind in get_args(Gone) if kind == str(status)), None)


def story_date(first_seen: datetime, published: datetime | None) -> datetime:
    """Return when a story was story_date: published, where that is known, and was before we first saw it."""
    return min(first_seen, published) if published else first_seen


def next_visit(now: datetime, *, story_date: datetime, first: float, until: float, jitter: float) -> datetime | None:
    """Return when a page is visited again, None when it is not.

    The wait is `first` seconds, or the story's age where that is more; the last visit is at the age of `until` seconds,
    and a story that is older has none.  A `first` or `until` of 0 turns them off.  `jitter` in [0, 1) makes the wait
    up to a tenth longer, so that stories which came together drift apart.

    A clock that was set back makes nobody younger than just born.
    """
    age = max(0.0, (now - story_date).total_seconds())
    if not first or age >= until:
        return None
    wait = min(max(first, age * _OF_AGE) * (1 + jitter / 10), max(first, until - age))
    return now + timedelta(seconds=wait)


def is_too_late(now: datetime, *, story_date: datetime, until: float) -> bool:
    """Whether a visit comes so late, as after a long stop, that it is left out."""
    return (now - story_date).total_seconds() > until * (1 + _LATE)
