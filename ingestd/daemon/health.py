"""How the daemon is: figures, judged.

The report is that of draft-inadarei-api-health-check-06.  It holds counts, times and units: no source's URL,
title or host, and nothing a server or a driver said.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Literal

from ingestd import __version__
from ingestd.daemon.chores import TICK
from ingestd.daemon.inquiry import Answer, Inquiry
from ingestd.daemon.service import Service
from ingestd.errors import StoreError
from ingestd.store import migrate
from ingestd.store.overview import HealthFigures, health_figures
from ingestd.times import iso

Status = Literal["pass", "warn", "fail"]

#: Figures younger than this are not asked for again (seconds): a probe a second costs one query a second.
_FRESH = 0.5

#: Seconds the database may take for "SELECT 1": ten times what a busy disk or a server far away takes.
SLOW_DATABASE = 0.25

#: Seconds the scheduler may be late before work waits for it, and before nothing can be expected of it any more;
#: the second is also when systemd's watchdog is no longer told that we live.
LATE_SCHEDULER, DEAD_SCHEDULER = 5.0, 30.0

#: A source is overdue when it was due this long ago (seconds): sources of one site wait for each other
#: and for its delay, so a minute says nothing.
OVERDUE = 300.0

#: With more of the sources overdue than this, polling as a whole does not work, whatever the reason.
MOST_OVERDUE = 0.5

#: Of many feeds some are always broken; with more than this share failing, look at our own network.
MANY_FAILING = 0.1

#: Without a success for this long (seconds) a source is dead, or we are banned there; one with a longer
#: interval of its own has two of them.
NO_SUCCESS = 7 * 86_400.0

#: News that waits longer than this for its page is late (seconds).
LATE_ENTRY = 900.0

#: Deaths and timeouts count for this long (seconds): one last week is no news.
RECENT = 3600.0

#: A crash in C is always worth a look; a page that hangs is a page, so many of them are a pattern.
MANY_DEATHS, MANY_TIMEOUTS = 1, 10

#: Seconds between two looks at a counter whose recent growth is judged.
_WATCH = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One figure, as observed and judged."""

    #: "component:measurement".
    name: str
    component: Literal["component", "datastore", "system"] = "component"
    #: None when there was never one.
    value: float | None
    unit: str | None
    status: Status = "pass"
    #: When the value was observed.
    at: datetime
    #: Why it does not pass.
    output: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it under the names of the draft; what is absent is left out."""
        shown = {
            "componentType": self.component,
            "observedValue": self.value,
            "observedUnit": self.unit,
            "status": self.status,
            "time": iso(self.at),
            "output": self.output,
        }
        return {key: value for key, value in shown.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the daemon was at a moment."""

    at: datetime
    #: Seconds since the start.
    uptime: float
    run_id: str
    stopping: bool
    checks: tuple[Check, ...]

    @property
    def status(self) -> Status:
        """The worst of its checks."""
        found = {check.status for check in self.checks}
        return "fail" if "fail" in found else "warn" if "warn" in found else "pass"

    def as_json(self) -> dict[str, Any]:
        """Return it as application/health+json."""
        return {
            "status": self.status,
            "version": __version__,
            "releaseId": __version__,
            "serviceId": self.run_id,
            "description": "ingestd, ingestion of news",
            "notes": ["stopping: no new work is begun"] if self.stopping else [],
            "checks": {check.name: [check.as_json()] for check in self.checks},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the database told of itself and of the work."""

    #: How long it took to answer at all (seconds).
    response: float
    health: HealthFigures


class Recent:
    """How much a counter has grown within the last `RECENT` seconds, as far as it was looked at."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque([(float("-inf"), 0)])

    def growth(self, count: int, *, now: float) -> int:
        """Look at the counter, and return how much it has grown; `now` is monotonic."""
        # The first one in the line is the last one that is too old: growth is counted from there.
        while len(self._seen) > 1 and self._seen[1][0] <= now - RECENT:
            self._seen.popleft()
        if count != self._seen[-1][1]:
            self._seen.append((now, count))
        return count - self._seen[0][1]


class Health:
    """Asks the service how it is, and answers within a second whatever the database does."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.figures = Inquiry(self._figures)
        self._schema = migrate.head()
        self._started = monotonic()
        self._deaths, self._timeouts = Recent(), Recent()

    async def watch(self) -> None:
        """Look at the counters every so often, also when nobody asks; until cancelled."""
        while True:
            await asyncio.sleep(_WATCH)
            self._extractors(datetime.now(UTC))

    async def close(self) -> None:
        """Take back what the database was asked."""
        await self.figures.close()

    @property
    def lag(self) -> float:
        """How late the scheduler is (seconds)."""
        return max(0.0, monotonic() - self.service.pulse.last_tick - TICK)

    async def unready(self) -> str | None:
        """Say why no work can be expected of us, None when it can."""
        if self.service.pulse.stopping:
            return "stopping"
        if self.lag > LATE_SCHEDULER:
            return f"the scheduler is {self.lag:.0f} s late"
        try:
            answer = await self.figures.ask(fresh=_FRESH)
        except StoreError as error:
            return str(error)
        # SIGTERM may have come while the database thought about it.
        return "stopping" if self.service.pulse.stopping else self._wrong_schema(answer.value.health)

    def _wrong_schema(self, figures: HealthFigures) -> str | None:
        return None if figures.schema == self._schema else f"the schema is {figures.schema}, not {self._schema}"

    async def report(self) -> Report:
        """Judge every figure."""
        unanswered = None
        try:
            answer: Answer[Figures] | None = await self.figures.ask(fresh=_FRESH)
        except StoreError as error:
            answer, unanswered = self.figures.last, str(error)
        now, pulse = datetime.now(UTC), self.service.pulse
        uptime = monotonic() - self._started
        checks = [
            *self._of_database(answer, unanswered, now),
            _judged("scheduler:lag", self.lag, "s", now, late(self.lag)),
            *self._extractors(now),
            Check(name="uptime", component="system", value=round(uptime, 1), unit="s", at=now),
        ]
        return Report(
            at=now,
            uptime=uptime,
            run_id=self.service.parts.run_id,
            stopping=pulse.stopping,
            checks=tuple(checks),
        )

    async def _figures(self) -> Figures:
        database = self.service.parts.database
        started = monotonic()
        await database.ping()
        response = monotonic() - started
        now = datetime.now(UTC)
        async with database.read() as connection:
            figures = await health_figures(connection, now=now, late=now - timedelta(seconds=OVERDUE))
        return Figures(response=response, health=figures)

    def _of_database(self, answer: Answer[Figures] | None, unanswered: str | None, now: datetime) -> Iterator[Check]:
        """Yield the checks whose figures the database has; without an answer all fail, with the last figures."""
        interval = self.service.parts.ingest.rules.interval
        for name, measure in _OF_DATABASE.items():
            component: Literal["component", "datastore"] = "datastore" if name.startswith("database:") else "component"
            value, unit, verdict = measure(answer.value, answer.at, interval) if answer else (None, None, PASS)
            if name == "database:responseTime" and answer and (wrong := self._wrong_schema(answer.value.health)):
                verdict = ("fail", wrong)
            if unanswered:
                verdict = ("fail", unanswered)
            at = answer.at if answer else now
            yield _judged(name, value, unit, at, verdict, component=component)

    def _extractors(self, now: datetime) -> Iterable[Check]:
        pool, moment = self.service.parts.pool, monotonic()
        deaths = self._deaths.growth(pool.deaths, now=moment)
        timeouts = self._timeouts.growth(pool.timeouts, now=moment)
        died = _warn(deaths >= MANY_DEATHS, "worker processes died within the last hour")
        hung = _warn(timeouts >= MANY_TIMEOUTS, "pages took too long within the last hour")
        return (
            _judged("extractors:deaths", deaths, "deaths in the last hour", now, died),
            _judged("extractors:timeouts", timeouts, "timeouts in the last hour", now, hung),
        )


Verdict = tuple[Status, str | None]

PASS: Verdict = ("pass", None)

#: What is made of the figures: value, unit and verdict, by the time they are of and the usual interval (seconds).
_Measure = Callable[[Figures, datetime, float], tuple[float | None, str, Verdict]]


def _warn(wrong: bool, output: str) -> Verdict:
    return ("warn", output) if wrong else PASS


def late(lag: float) -> Verdict:
    """Judge how late the scheduler is (seconds)."""
    if lag > DEAD_SCHEDULER:
        return "fail", "the scheduler does not tick"
    return _warn(lag > LATE_SCHEDULER, "the scheduler is late")


def _response(figures: Figures, _at: datetime, _interval: float) -> tuple[float, str, Verdict]:
    return figures.response * 1000, "ms", _warn(figures.response > SLOW_DATABASE, "the database is slow")


def _overdue(figures: Figures, _at: datetime, _interval: float) -> tuple[float, str, Verdict]:
    overdue, active = figures.health.overdue, figures.health.sources["active"]
    verdict = _warn(overdue > 0, "sources were due over five minutes ago")
    if overdue > active * MOST_OVERDUE:
        verdict = ("fail", "most sources were due over five minutes ago")
    return overdue, "sources", verdict


def _failing(figures: Figures, _at: datetime, _interval: float) -> tuple[float, str, Verdict]:
    failing, active = figures.health.failing, figures.health.sources["active"]
    return failing, "sources", _warn(failing > active * MANY_FAILING, "many sources fail")


def _oldest_success(figures: Figures, at: datetime, interval: float) -> tuple[float | None, str, Verdict]:
    if figures.health.oldest_success is None:
        return None, "s", PASS
    age = (at - figures.health.oldest_success).total_seconds()
    limit = max(NO_SUCCESS, 2 * interval, 2 * figures.health.longest_interval)
    return age, "s", _warn(age > limit, "a source has not been read for over a week")


def _queue_age(figures: Figures, at: datetime, _interval: float) -> tuple[float, str, Verdict]:
    since = figures.health.queue_since
    age = (at - since).total_seconds() if since else 0.0
    return age, "s", _warn(age > LATE_ENTRY, "entries wait for over a quarter of an hour")


def _queue_size(figures: Figures, _at: datetime, _interval: float) -> tuple[float, str, Verdict]:
    return figures.health.queue, "entries", PASS


_OF_DATABASE: dict[str, _Measure] = {
    "database:responseTime": _response,
    "sources:overdue": _overdue,
    "sources:failing": _failing,
    "sources:oldestSuccess": _oldest_success,
    "entries:queueAge": _queue_age,
    "entries:queueSize": _queue_size,
}


def _judged(
    name: str,
    value: float | None,
    unit: str | None,
    at: datetime,
    verdict: Verdict,
    *,
    component: Literal["component", "datastore", "system"] = "component",
) -> Check:
    status, output = verdict
    shown = round(value, 3) if isinstance(value, float) else value
    return Check(name=name, component=component, value=shown, unit=unit, status=status, at=at, output=output)
