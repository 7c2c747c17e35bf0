"""What is judged of the daemon: each figure with its threshold, and why it is that.

The report is that of draft-inadarei-api-health-check-06.  It holds counts, times and units: no source's URL,
title or host, and nothing that a server or a driver said.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ingestd import __version__
from ingestd.store.operations.overview import HealthFigures
from ingestd.times import iso

Status = Literal["pass", "warn", "fail"]
Component = Literal["component", "datastore", "system"]

#: Seconds the database may take to answer at all: ten times what a busy disk or a server far away takes.
SLOW_DATABASE = 0.25

#: Seconds the scheduler may be late before work waits for it, and before nothing can be expected of it any more.
LATE_SCHEDULER, DEAD_SCHEDULER = 5.0, 30.0

#: The database or the archive refuses what we write for longer than this (seconds): its disk is full, or read-only.
UNWRITABLE = 5.0

#: A source is overdue when it was due this long ago (seconds): the sources of one site wait for each other
#: and for its delay, so that a minute says nothing.
OVERDUE = 300.0

#: With more of the sources overdue than this, polling as a whole does not work, whatever the reason.
MOST_OVERDUE = 0.5

#: Of many feeds some are always broken; with more than this share failing, look at our own network.
MANY_FAILING = 0.1

#: A source without a success for this long (seconds), or for two intervals, is dead, or has banned us.
NO_SUCCESS = 7 * 86_400.0

#: News that waits longer than this to be read is late (seconds).
LATE_ENTRY = 900.0

#: Deaths and timeouts count for this long (seconds): one last week is no news.
RECENT = 3600.0

#: A crash in C is always worth a look; one page that hangs is a page, many of them are a pattern.
MANY_DEATHS, MANY_TIMEOUTS = 1, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is thought of a figure, and why it does not pass."""

    status: Status = "pass"
    output: str | None = None


PASS = Verdict()


def warn_when(wrong: bool, output: str) -> Verdict:
    """Return a warning where something is wrong."""
    return Verdict(status="warn", output=output) if wrong else PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One figure, as observed and judged."""

    #: "component:measurement".
    name: str
    component: Component = "component"
    #: None when there was never one.
    value: float | None
    unit: str
    #: When the value was observed.
    at: datetime
    verdict: Verdict = PASS

    def as_json(self) -> dict[str, Any]:
        """Return it under the names of the draft; what is absent is left out."""
        shown = {
            "componentType": self.component,
            "observedValue": None if self.value is None else round(self.value, 3),
            "observedUnit": self.unit,
            "status": self.verdict.status,
            "time": iso(self.at),
            "output": self.verdict.output,
        }
        return {key: value for key, value in shown.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the daemon was at a moment."""

    #: Seconds since the start.
    uptime: float
    run_id: str
    stopping: bool
    checks: tuple[Check, ...]

    @property
    def status(self) -> Status:
        """The worst of its checks."""
        found = {check.verdict.status for check in self.checks}
        return "fail" if "fail" in found else "warn" if "warn" in found else "pass"

    def as_json(self) -> dict[str, Any]:
        """Return it as application/health+json."""
        return {
            "status": self.status,
            "version": __version__,
            "releaseId": __version__,
            "serviceId": self.run_id,
            "description": "ingestd, ingestion of news",
            "notes": ["stopping: nothing new is begun"] if self.stopping else [],
            "checks": {check.name: [check.as_json()] for check in self.checks},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the database told, and under which circumstances; durations in seconds."""

    at: datetime
    #: How long the database took to answer at all.
    response: float
    health: HealthFigures
    #: Whether the schema is that of this program.
    schema_fits: bool
    uptime: float
    #: Between two polls of a source that publishes an entry an hour.
    interval: float


Measured = tuple[float | None, Verdict]


def judge_lag(lag: float) -> Verdict:
    """Judge how late the scheduler is (seconds)."""
    if lag > DEAD_SCHEDULER:
        return Verdict(status="fail", output="the scheduler does not tick")
    return warn_when(lag > LATE_SCHEDULER, "the scheduler is late")


def response_time(figures: Figures) -> Measured:
    """Return milliseconds until the database answered."""
    verdict = warn_when(figures.response > SLOW_DATABASE, "the database is slow")
    if not figures.schema_fits:
        verdict = Verdict(status="fail", output="the schema is not that of this program")
    return figures.response * 1000, verdict


def overdue(figures: Figures) -> Measured:
    """Return the number of overdue sources; after a start they have a while to be caught up with."""
    count = figures.health.overdue
    if count > figures.health.sources["active"] * MOST_OVERDUE and figures.uptime > OVERDUE:
        return count, Verdict(status="fail", output="most sources were due over five minutes ago")
    return count, warn_when(count > 0, "sources were due over five minutes ago")


def failing(figures: Figures) -> Measured:
    """Return the number of sources whose last poll failed."""
    count = figures.health.failing
    return count, warn_when(count > figures.health.sources["active"] * MANY_FAILING, "many sources fail")


def quiet(figures: Figures) -> Measured:
    """Return the number of sources that are quieter than their own weeks."""
    count = figures.health.quiet
    return count, warn_when(count > 0, "sources are quieter than their own weeks; /v1/sources names them")


def open_gaps(figures: Figures) -> Measured:
    """Return the number of gaps in which entries may have been missed."""
    count = figures.health.gaps
    return count, warn_when(count > 0, "entries may have been missed; `ingestd gaps list` says where")


def oldest_success(figures: Figures) -> Measured:
    """Return how long ago the source was read that was not read for the longest time (seconds)."""
    if figures.health.oldest_success is None:
        return None, PASS
    age = (figures.at - figures.health.oldest_success).total_seconds()
    limit = max(NO_SUCCESS, 2 * figures.interval, 2 * figures.health.longest_interval)
    return age, warn_when(age > limit, "a source has not been read for over a week")


def queue_age(figures: Figures) -> Measured:
    """Return how long the oldest entry has been due (seconds)."""
    since = figures.health.queue_since
    age = (figures.at - since).total_seconds() if since else 0.0
    return age, warn_when(age > LATE_ENTRY, "entries wait for over a quarter of an hour")


def queue_size(figures: Figures) -> Measured:
    """Return the number of entries that are due."""
    return figures.health.queue, PASS


#: The checks that need the database: name, component, unit, and what they measure.
OF_DATABASE: tuple[tuple[str, Component, str, Callable[[Figures], Measured]], ...] = (
    ("database:responseTime", "datastore", "ms", response_time),
    ("sources:overdue", "component", "sources", overdue),
    ("sources:failing", "component", "sources", failing),
    ("sources:quiet", "component", "sources", quiet),
    ("sources:openGaps", "component", "gaps", open_gaps),
    ("sources:oldestSuccess", "component", "s", oldest_success),
    ("entries:queueAge", "component", "s", queue_age),
    ("entries:queueSize", "component", "entries", queue_size),
)


class Recent:
    """How much a counter has grown within the last `RECENT` seconds, as far as it was looked at."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque([(float("-inf"), 0)])

    def growth(self, count: int, *, now: float) -> int:
        """Look at the counter, and return how much it has grown; `now` is monotonic."""
        # The first in line is the last that is too old: growth is counted from there.
        while len(self._seen) > 1 and self._seen[1][0] <= now - RECENT:
            self._seen.popleft()
        if count != self._seen[-1][1]:
            self._seen.append((now, count))
        return count - self._seen[0][1]
