"""Readiness and the health report of the daemon, answered in time whether or not the database responds."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog

from ingestd.daemon import bounded_query, consumer_checks, node_checks
from ingestd.daemon.bounded_query import BoundedQuery, QueryLate, QueryResult
from ingestd.daemon.checks import (
    DATABASE_CHECKS,
    LATE_CLAIM,
    LATE_REVISIT,
    LATE_SCHEDULER,
    MANY_DEATHS,
    MANY_STALLS,
    MANY_TIMEOUTS,
    MANY_UNPLACED,
    SCHEMA_MISMATCH,
    UNWRITABLE,
    Check,
    Figures,
    Pulse,
    RecentGrowth,
    Report,
    Verdict,
    judge_lag,
    response_time,
    warn_when,
)
from ingestd.daemon.chores import TICK
from ingestd.daemon.service import Service
from ingestd.errors import StoreError
from ingestd.store.operations.overview import OVERDUE, health_figures, schema_version
from ingestd.store.schema import version

log = structlog.get_logger(__name__)

#: How old the pulse and the figures may be (seconds): however many probes there are, they cost few queries a second.
_MAX_AGE = 0.5

#: The part of the time that counting the figures may take: with a million sources a second, so every minute.
_MAX_COUNTING = 0.02

#: Seconds between two samples of a counter whose recent growth is judged.
_SAMPLE_INTERVAL = 60.0


#: Seconds after which counting is given up, on a host that is much too busy.
_COUNT_TIMEOUT = 300.0

#: Age of the figures beyond which they say nothing about now (seconds): if counting ends, it begins again within three
#: minutes.
OLD_COUNTS = 600.0

_UNCOUNTED = Verdict(status="warn", output="not counted yet: counting takes long in a large database")


class Health:
    """Reports the health of the service within a second."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.pulse = BoundedQuery(self._query_pulse)
        self.figures = BoundedQuery(self._query_figures, timeout=_COUNT_TIMEOUT)
        self._schema = version.HEAD
        self._deaths, self._timeouts, self._stalls = RecentGrowth(), RecentGrowth(), RecentGrowth()
        self._passed = RecentGrowth()

    async def watch(self) -> None:
        """Sample the counters every minute, also when there are no probes; runs until cancelled.

        Figures that have been asked for are renewed: where counting takes long, a probe gets those of the last time.
        """
        while True:
            await asyncio.sleep(_SAMPLE_INTERVAL)
            now = datetime.now(UTC)
            for sampled in (self._extractors(now), self._stories(now)):
                list(sampled)
            if self.figures.last:
                try:
                    await self.current_figures()
                except StoreError:
                    pass  # the next report says so
                except Exception:
                    log.exception("bug", doing="count")

    async def close(self) -> None:
        """Cancel the queries in progress."""
        await asyncio.gather(self.pulse.close(), self.figures.close())

    @property
    def lag(self) -> float:
        """The lag of the scheduler (seconds)."""
        return max(0.0, monotonic() - self.service.service_state.last_tick - TICK)

    @property
    def uptime(self) -> float:
        """The time since the start (seconds)."""
        return (datetime.now(UTC) - self.service.service_state.started_at).total_seconds()

    async def unready_reason(self) -> str | None:
        """Return why the daemon is not ready for work; None: it is ready."""
        if reason := self._unready_at_once():
            return reason
        try:
            pulse = await self.pulse.result(max_age=_MAX_AGE)
        except StoreError as error:
            return str(error)
        if not pulse.value.schema_fits:
            return SCHEMA_MISMATCH
        for check in (self._writes, self._archive):
            if (verdict := check(pulse.value.at).verdict).status == "fail":
                return verdict.output
        return self._unready_at_once()  # SIGTERM may have come during the query

    def _unready_at_once(self) -> str | None:
        if self.service.service_state.stopping:
            return "stopping"
        return f"the scheduler is {self.lag:.0f} s late" if self.lag > LATE_SCHEDULER else None

    async def report(self) -> Report:
        """Return all checks; without the database, its checks fail and show the last known values."""
        unavailable, began = None, monotonic()
        try:
            await self.pulse.result(max_age=_MAX_AGE)
            await self.current_figures(wait=max(0.0, bounded_query.WAIT - (monotonic() - began)))
        except StoreError as error:
            unavailable = Verdict(status="fail", output=str(error))
        pulse, figures = self.pulse.last, self.figures.last
        now, lag, uptime = datetime.now(UTC), self.lag, self.uptime
        return Report(
            uptime=uptime,
            run_id=self.service.runtime.run_id,
            stopping=self.service.service_state.stopping,
            checks=(
                _pulse_check(pulse.value if pulse else None, unavailable, now),
                *_database_checks(figures, unavailable, now),
                self._writes(now),
                self._archive(now),
                self._commits(now),
                *self._stories(now),
                Check(name="scheduler:lag", value=lag, unit="s", at=now, verdict=judge_lag(lag)),
                *self._engine(now),
                *self._network(now),
                *self._extractors(now),
                Check(name="uptime", component="system", value=uptime, unit="s", at=now),
            ),
        )

    async def current_figures(self, *, max_age: float = _MAX_AGE, wait: float | None = None) -> Figures | None:
        """Return the figures as they were counted last; None: the first count is under way, for longer than `wait`.

        Raises StoreError if they cannot be counted.
        """
        try:
            return (await self.figures.latest(max_age=max_age, max_load=_MAX_COUNTING, wait=wait)).value
        except QueryLate:
            return self.figures.last.value if self.figures.last else None

    async def _query_pulse(self) -> Pulse:
        database, started = self.service.runtime.database, monotonic()
        async with database.read() as connection:
            schema = await schema_version(connection)
        return Pulse(at=datetime.now(UTC), response=monotonic() - started, schema_fits=schema == self._schema)

    async def _query_figures(self) -> Figures:
        database, now = self.service.runtime.database, datetime.now(UTC)
        async with database.read() as connection:
            figures = await health_figures(
                connection,
                now=now,
                late=now - timedelta(seconds=OVERDUE),
                late_claims=now - timedelta(seconds=LATE_CLAIM),
                late_revisits=now - timedelta(seconds=LATE_REVISIT),
            )
        return Figures(
            at=now,
            health=figures,
            uptime=self.uptime,
            interval=self.service.runtime.ingest.timing.interval,
        )

    def _writes(self, now: datetime) -> Check:
        since = self.service.service_state.unwritable
        seconds = monotonic() - since if since is not None else 0.0
        # The driver's error is in the log only.
        refused = Verdict(status="fail", output="the database refuses writes; see the log")
        failing = refused if seconds > UNWRITABLE else Verdict()
        return Check(name="database:writes", component="datastore", value=seconds, unit="s", at=now, verdict=failing)

    def _archive(self, now: datetime) -> Check:
        since = self.service.runtime.archive.failing_since
        seconds = monotonic() - since if since else 0.0
        output = f"the archive refuses writes: {self.service.runtime.archive.failure}"
        failing = Verdict(status="fail", output=output)
        return Check(
            name="archive:writes", component="datastore", value=seconds, unit="s", at=now,
            verdict=failing if seconds > UNWRITABLE else Verdict(),
        )  # fmt: skip

    def _commits(self, now: datetime) -> Check:
        # The heartbeat may be written while results are not: another table, another disk.
        since = self.service.runtime.retries.waiting_since
        seconds = monotonic() - since if since is not None else 0.0
        waiting = warn_when(seconds > UNWRITABLE, "results wait to be committed; see the log")
        return Check(name="commits:waiting", component="datastore", value=seconds, unit="s", at=now, verdict=waiting)

    def _stories(self, now: datetime) -> Iterator[Check]:
        placer = self.service.placer
        if placer is None:
            return
        since = placer.failing_since
        seconds, passed = (
            monotonic() - since if since is not None else 0.0,
            self._passed.growth(placer.passed, now=monotonic()),
        )
        yield Check(
            name="stories:waiting", value=placer.waiting, unit="events", at=now,
            verdict=warn_when(
                placer.waiting > MANY_UNPLACED or seconds > UNWRITABLE,
                "records wait to be placed in stories; see the log",
            ),
        )  # fmt: skip
        failed = warn_when(passed > 0, "records could not be placed in stories within the last hour; see the log")
        yield Check(name="stories:passed", value=passed, unit="in the last hour", at=now, verdict=failed)

    def _engine(self, now: datetime) -> Iterator[Check]:
        if trouble := self.service.engine.trouble():
            yield Check(
                name="engine:takesWork", value=0.0, unit="turns", at=now, verdict=Verdict(status="fail", output=trouble)
            )

    def _network(self, now: datetime) -> Iterator[Check]:
        breakers, groups = self.service.runtime.fetcher.breakers, self.service.runtime.pacing.groups
        offline = warn_when(breakers.offline, "no site answers: check this host's network and name server")
        yield Check(
            name="network:sitesLeftAlone", value=len(breakers.open_sites()), unit="sites", at=now, verdict=offline
        )
        yield Check(
            name="network:sharedBudgets", value=len(groups.budgets()), unit="networks", at=now, verdict=Verdict()
        )

    def _extractors(self, now: datetime) -> Iterator[Check]:
        pool, seconds = self.service.runtime.pool, monotonic()
        deaths = self._deaths.growth(pool.deaths, now=seconds)
        died = warn_when(deaths >= MANY_DEATHS, "worker processes died within the last hour; see the log")
        yield Check(name="extractors:deaths", value=deaths, unit="in the last hour", at=now, verdict=died)
        timeouts = self._timeouts.growth(pool.timeouts, now=seconds)
        hung = warn_when(
            timeouts >= MANY_TIMEOUTS,
            "pages or documents exceeded extract_timeout within the last hour; see `ingestd failures list`",
        )
        yield Check(name="extractors:timeouts", value=timeouts, unit="in the last hour", at=now, verdict=hung)
        stalls = self._stalls.growth(pool.stalls, now=seconds)
        stalled = warn_when(
            stalls >= MANY_STALLS,
            "worker processes made too little progress within the last hour: this host is too busy; lower extractors",
        )
        yield Check(name="extractors:stalls", value=stalls, unit="in the last hour", at=now, verdict=stalled)


def _pulse_check(pulse: Pulse | None, unavailable: Verdict | None, now: datetime) -> Check:
    value, verdict = response_time(pulse) if pulse else (None, Verdict())
    return Check(
        name="database:responseTime", component="datastore", value=value, unit="ms", at=pulse.at if pulse else now,
        verdict=unavailable or verdict,
    )  # fmt: skip


def _database_checks(
    result: QueryResult[Figures] | None, unavailable: Verdict | None, now: datetime
) -> Iterator[Check]:
    """Yield the checks that count in the database; `unavailable`, if given, replaces the verdict of each."""
    figures = result.value if result else None
    age = monotonic() - result.monotonic_at if result else 0.0
    for name, component, unit, measure in (*DATABASE_CHECKS, *node_checks.CHECKS, *consumer_checks.CHECKS):
        value, verdict = measure(figures) if figures else (None, _UNCOUNTED)
        if age > OLD_COUNTS and verdict.status == "pass":
            minutes = f"{age / 60:.0f} minutes"
            verdict = Verdict(status="warn", output=f"counted {minutes} ago: the database is too slow; see its log")
        at = figures.at if figures else now
        yield Check(name=name, component=component, value=value, unit=unit, at=at, verdict=unavailable or verdict)
