"""Health checks of the daemon: each figure, its threshold and the reason for the threshold.

The report follows draft-inadarei-api-health-check-06.  It is public, so it holds only counts, times and units: no
URL, title or host of a source, and no text from a server or a driver.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ingestd import __version__
from ingestd.store.operations.overview import OVERDUE, HealthFigures
from ingestd.times import iso

Status = Literal["pass", "warn", "fail"]
Component = Literal["component", "datastore", "system"]

#: Seconds the database may take to answer a ping: ten times what a busy disk or a distant server needs.
SLOW_DATABASE = 0.25

#: Seconds of scheduler lag after which work is delayed (warn), and after which the scheduler counts as dead (fail).
LATE_SCHEDULER, DEAD_SCHEDULER = 5.0, 30.0

#: Seconds for which the database or the archive may refuse writes; beyond that its disk is full or read-only.
UNWRITABLE = 5.0

#: Share of the active sources that may be overdue; beyond it, polling as a whole does not work.
MOST_OVERDUE = 0.5

#: Share of the active sources that may be failing: some feeds are always broken.  Beyond it, suspect our own network.
MANY_FAILING = 0.1

#: Seconds without a successful poll (or two poll intervals, if longer) after which a source is dead or has banned us.
NO_SUCCESS = 7 * 86_400.0

#: Seconds an entry may wait to be read before it is late.
LATE_ENTRY = 900.0

#: Seconds after its due time at which claimed work counts as stuck; revisits wait for new entries, so for them a day.
LATE_CLAIM, LATE_REVISIT = 900.0, 86_400.0

#: Deaths, timeouts and stalls of workers count for this long (seconds).
RECENT = 3600.0

#: Events that may wait for their placement in stories: it takes milliseconds each, and a batch is at work meanwhile.
MANY_UNPLACED = 2_000

#: Any worker death is worth a warning (a crash in C), and any stall, for which a host must be ten times too busy; a
#: single timeout is one bad page, many are a pattern.
MANY_DEATHS, MANY_STALLS, MANY_TIMEOUTS = 1, 1, 10


SCHEMA_MISMATCH = "the database schema does not match this version of ingestd; see `ingestd db current`"


#: Beginning of the command that lists the sources which a check counts.
_LIST = "see `ingestd sources list --only"


SHARED_DATABASE = (
    "several daemons share the database, and each paces its own requests only: a site may get more of them than "
    'host_delay and its Crawl-delay allow; run one daemon, or give all of them engine = "procrastinate"'
)


LOSES_COMMITS = (
    "a crash of the PostgreSQL server loses what was committed last, such as pushes that were acknowledged; "
    "set synchronous_commit to on, for ingestd's role and database as well"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The status of a figure, and the reason when it does not pass."""

    status: Status = "pass"
    output: str | None = None


PASS = Verdict()


def warn_when(wrong: bool, output: str) -> Verdict:
    """Return a warning with `output` when `wrong`, else PASS."""
    return Verdict(status="warn", output=output) if wrong else PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An observed figure and its verdict."""

    #: "component:measurement".
    name: str
    component: Component = "component"
    #: None when there is nothing to measure yet.
    value: float | None
    unit: str
    #: When the value was observed.
    at: datetime
    verdict: Verdict = PASS

    def as_json(self) -> dict[str, Any]:
        """Return the check object of the draft; absent members are left out."""
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
    """The health of the daemon at one moment."""

    #: Seconds since the start.
    uptime: float
    run_id: str
    stopping: bool
    checks: tuple[Check, ...]

    @property
    def status(self) -> Status:
        """The worst status of its checks."""
        found = {check.verdict.status for check in self.checks}
        return "fail" if "fail" in found else "warn" if "warn" in found else "pass"

    def as_json(self) -> dict[str, Any]:
        """Return the body of an application/health+json response."""
        return {
            "status": self.status,
            "version": __version__,
            "releaseId": __version__,
            "serviceId": self.run_id,
            "description": "ingestd, ingestion of news",
            "notes": ["stopping: no new work is started"] if self.stopping else [],
            "checks": {check.name: [check.as_json()] for check in self.checks},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """How the database answered a trivial query."""

    at: datetime
    #: Seconds.
    response: float
    #: Whether the schema is the one this version of the program expects.
    schema_fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures counted in the database and the context needed to judge them; durations in seconds."""

    at: datetime
    health: HealthFigures
    uptime: float
    #: Time between two polls of a source that publishes one entry an hour.
    interval: float


Measured = tuple[float | None, Verdict]


def judge_lag(lag: float) -> Verdict:
    """Return the verdict on the scheduler's lag (seconds)."""
    if lag > DEAD_SCHEDULER:
        return Verdict(status="fail", output="the scheduler does not tick")
    return warn_when(lag > LATE_SCHEDULER, "the scheduler is late")


def response_time(pulse: Pulse) -> Measured:
    """Return the database's response time in milliseconds; fails when the schema does not fit."""
    verdict = warn_when(pulse.response > SLOW_DATABASE, "the database is slow; see its log and the load of its disk")
    if not pulse.schema_fits:
        verdict = Verdict(status="fail", output=SCHEMA_MISMATCH)
    return pulse.response * 1000, verdict


def overdue(figures: Figures) -> Measured:
    """Return the number of overdue sources; fails only after OVERDUE seconds, the time to catch up after a start."""
    count = figures.health.overdue
    if count > figures.health.sources["active"] * MOST_OVERDUE and figures.uptime > OVERDUE:
        return count, Verdict(status="fail", output=f"most sources were due over five minutes ago; {_LIST} overdue`")
    return count, warn_when(count > 0, f"sources were due over five minutes ago; {_LIST} overdue`")


def failing(figures: Figures) -> Measured:
    """Return the number of sources whose last poll failed."""
    count = figures.health.failing
    return count, warn_when(
        count > figures.health.sources["active"] * MANY_FAILING, f"many sources fail; {_LIST} failing`"
    )


def quiet(figures: Figures) -> Measured:
    """Return the number of sources that published less than expected."""
    count = figures.health.quiet
    return count, warn_when(count > 0, f"sources published less than expected; {_LIST} quiet`")


def warnings(figures: Figures) -> Measured:
    """Return the number of sources with warnings about their documents; most have a small defect that is repaired."""
    many = figures.health.incomplete > figures.health.sources["active"] * MANY_FAILING
    return figures.health.warned, warn_when(many, f"many documents have entries that are left out; {_LIST} warned`")


def open_gaps(figures: Figures) -> Measured:
    """Return the number of gaps in which entries may have been missed."""
    count = figures.health.gaps
    return count, warn_when(count > 0, "entries may have been missed; see `ingestd gaps list`")


def unconfirmed_kills(figures: Figures) -> Measured:
    """Return the number of records that are killed by words alone: withheld until somebody decides."""
    count = figures.health.unconfirmed_kills
    return count, warn_when(count > 0, "kills wait for a decision; see `ingestd records list --unconfirmed-kills`")


def oldest_success(figures: Figures) -> Measured:
    """Return the age of the oldest last success among the active sources (seconds)."""
    if figures.health.oldest_success is None:
        return None, PASS
    age = (figures.at - figures.health.oldest_success).total_seconds()
    limit = max(NO_SUCCESS, 2 * figures.interval, 2 * figures.health.longest_interval)
    return age, warn_when(age > limit, f"a source has had no successful poll for over a week; {_LIST} failing`")


def queue_age(figures: Figures) -> Measured:
    """Return how long the oldest entry has been due (seconds)."""
    since = figures.health.queue_since
    age = (figures.at - since).total_seconds() if since else 0.0
    return age, warn_when(age > LATE_ENTRY, "entries have waited for over 15 minutes; raise max_pages or extractors")


def queue_size(figures: Figures) -> Measured:
    """Return the number of entries that are due."""
    return figures.health.queue, PASS


def daemons(figures: Figures) -> Measured:
    """Return the number of daemons at work on the database; with the engine local, each paces its own requests only."""
    count = figures.health.daemons
    has_local = any(node.engine == "local" and node.runs for node in figures.health.nodes)
    return count, warn_when(count > 1 and has_local, SHARED_DATABASE)


def late_claims(figures: Figures) -> Measured:
    """Return the number of claims whose work was due long ago: a job hangs, or its claim was lost."""
    count = figures.health.late_claims
    return count, warn_when(count > 0, f"claimed work was due over 15 minutes ago; {_LIST} overdue`, restart ingestd")


def durability(figures: Figures) -> Measured:
    """Return the number of settings with which the database loses commits in a crash."""
    count = len(figures.health.unsafe_settings)
    return count, warn_when(count > 0, LOSES_COMMITS)


#: The checks that count in the database: name, component, unit and the function that measures.
DATABASE_CHECKS: tuple[tuple[str, Component, str, Callable[[Figures], Measured]], ...] = (
    ("sources:overdue", "component", "sources", overdue),
    ("sources:failing", "component", "sources", failing),
    ("sources:quiet", "component", "sources", quiet),
    ("sources:warnings", "component", "sources", warnings),
    ("sources:openGaps", "component", "gaps", open_gaps),
    ("records:unconfirmedKills", "component", "records", unconfirmed_kills),
    ("sources:oldestSuccess", "component", "s", oldest_success),
    ("entries:queueAge", "component", "s", queue_age),
    ("entries:queueSize", "component", "entries", queue_size),
    ("claims:pastDue", "component", "claims", late_claims),
    ("database:daemons", "datastore", "daemons", daemons),
    ("database:durability", "datastore", "settings", durability),
)


class RecentGrowth:
    """The growth of a counter within the last `RECENT` seconds, as sampled by calls of `growth`."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque([(float("-inf"), 0)])

    def growth(self, count: int, *, now: float) -> int:
        """Record the counter's value and return its recent growth; `now` is monotonic."""
        # The first sample is the newest one older than RECENT: growth is counted from it.
        while len(self._samples) > 1 and self._samples[1][0] <= now - RECENT:
            self._samples.popleft()
        if count != self._samples[-1][1]:
            self._samples.append((now, count))
        return count - self._samples[0][1]
