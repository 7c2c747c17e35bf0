"""What is polled, and what is known of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to ask with next time, byte for byte (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a publisher says of when to come back; durations in seconds."""

    #: How long its answer stays fresh (RFC 9111, 4.2), counted from when it came.
    fresh_for: float | None = None
    #: RSS 2.0 `ttl`, and the RSS module Syndication's period divided by its frequency.
    ttl: float | None = None
    period: float | None = None
    #: RSS 2.0: hours (0 to 23, UTC) and days (0 is Monday) on which nobody is expected.
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast entries arrive, as learned: so many within so many hours, older ones counting less."""

    arrivals: float = 1.0
    hours: float = 1.0
    #: By how much the polls missed what the rate had them expect: squared deviations, summed and fading alike.
    squares: float = 1.0

    @property
    def rate(self) -> float:
        """Entries an hour."""
        return self.arrivals / self.hours

    @property
    def dispersion(self) -> float:
        """Variance to mean of the entries in a time: 1 where they come one by one, more where they come together."""
        return max(1.0, self.squares / self.arrivals) if self.arrivals else 1.0


#: What is to be had at a cursor: what is new since it was given, however little; the next page of a list that has its
#: oldest entries first; or the next page of one that has its newest first.
CursorKind = Literal["since", "newer", "older"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where an agency's list goes on."""

    #: Absolute, without user-info.
    url: str
    kind: CursorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is polled: a feed or a sitemap."""

    id: int
    url: str
    title: str | None = None
    #: The web page that its feed says it is of; a relative address as it was written.
    home: str | None = None
    #: Seconds between polls, where this source has its own.
    interval: float | None = None
    validators: Validators = NO_VALIDATORS
    #: sha256 of the last body that was read, 32 bytes.
    body_hash: bytes | None = None
    due_at: datetime | None = None
    #: Polls that failed since the last one that did not.
    failures: int = 0
    #: Whether the last poll met a 410: the next one settles it.
    maybe_gone: bool = False
    #: Whether robots.txt counts for the feed itself: it was found by us and not named by the operator.
    obeys_robots: bool = False
    hints: Hints = NO_HINTS
    #: None before the first poll that went well.
    pace: Pace | None = None
    #: The last poll that went well, the last whose document listed entries, and the last that found new ones.
    last_success_at: datetime | None = None
    last_read_at: datetime | None = None
    last_new_at: datetime | None = None
    #: Entries in the last document.
    window: int = 0
    #: Where permanent redirects lead, and in how many polls in a row they did.
    moved_to: str | None = None
    moved_seen: int = 0
    #: Until when a hub has promised to push what is new.
    pushed_until: datetime | None = None
    #: Where to ask instead of `url`: what was read last said that its list goes on there.
    cursor: Cursor | None = None
