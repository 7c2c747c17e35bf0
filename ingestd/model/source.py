"""Sources, and the state that polls keep about them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """The validators of a response, byte for byte, for the next conditional request (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """A publisher's hints on when to poll again; durations in seconds."""

    #: How long the response stays fresh (RFC 9111, 4.2), from its arrival.
    fresh_for: float | None = None
    #: RSS 2.0 `ttl`.
    ttl: float | None = None
    #: The period of the RSS module Syndication divided by its frequency.
    period: float | None = None
    #: RSS 2.0 `skipHours`: hours in UTC, 0 to 23, in which not to poll.
    skip_hours: tuple[int, ...] = ()
    #: RSS 2.0 `skipDays`: weekdays, 0 is Monday, on which not to poll.
    skip_days: tuple[int, ...] = ()


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The learned rate at which entries arrive, as exponentially fading sums."""

    #: Entries that arrived; older ones count less.
    arrivals: float = 1.0
    #: The hours in which they arrived; older ones count less.
    hours: float = 1.0
    #: Squared deviations of the arrivals from the expected ones; older ones count less.
    squares: float = 1.0

    @property
    def rate(self) -> float:
        """Entries per hour."""
        return self.arrivals / self.hours

    @property
    def dispersion(self) -> float:
        """Ratio of variance to mean of the arrivals, at least 1: higher if entries arrive in bursts."""
        return max(1.0, self.squares / self.arrivals) if self.arrivals else 1.0


#: since: the cursor's URL returns all entries newer than the cursor, even if few; newer: it is the next page of a list
#: with the oldest entries first; older: it is the next page of a list with the newest entries first.
CursorKind = Literal["since", "newer", "older"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The position at which an agency's list continues."""

    #: Absolute, without user-info.
    url: str
    kind: CursorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenWarning:
    """A warning about the documents of a source: a repair, something left out, a doubtful date."""

    text: str
    #: When a document first had it, without a document without it since.
    since: datetime
    #: The last document that had it.
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed, a sitemap, a drop folder or an inbox, with the state that the last polls left."""

    id: int
    url: str
    title: str | None = None
    #: URL of the web page that the feed belongs to, as written there: may be relative.
    home: str | None = None
    #: Seconds between polls.  None: by the source's pace.
    interval: float | None = None
    validators: Validators = NO_VALIDATORS
    #: SHA-256 of the last body that was parsed, 32 bytes.
    body_hash: bytes | None = None
    due_at: datetime | None = None
    #: Failed polls since the last successful one.
    failures: int = 0
    #: Whether the last poll was answered with 410: another 410 makes the source gone.
    maybe_gone: bool = False
    #: Whether robots.txt applies to the feed itself: ingestd discovered the feed, the operator did not name it.
    obeys_robots: bool = False
    hints: Hints = NO_HINTS
    #: None: no successful poll yet.
    pace: Pace | None = None
    #: The last successful poll.
    last_success_at: datetime | None = None
    #: The last poll whose document listed entries.
    last_read_at: datetime | None = None
    #: The last poll or push that had new entries.
    last_new_at: datetime | None = None
    #: The last answer that was no 304 or 204.
    full_answer_at: datetime | None = None
    #: Until then its validators are not sent: the server answered 304 to them although it had new entries.
    distrusted_until: datetime | None = None
    #: Of its last documents.
    warnings: tuple[SeenWarning, ...] = ()
    #: Number of entries in the last document.
    window: int = 0
    #: The URL that permanent redirects lead to, and in how many consecutive polls they did.
    moved_to: str | None = None
    moved_seen: int = 0
    #: When the lease of its WebSub hub ends.
    pushed_until: datetime | None = None
    #: Where to continue instead of `url`, as the last document said.
    cursor: Cursor | None = None
    #: Number of the claim that read it: a result counts only while that is the present one.
    claim: int = 0
