"""How the daemon is: ready or not, and every figure judged, whatever the database does."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic

from ingestd.daemon.bounded_query import BoundedQuery
from ingestd.daemon.checks import (
    LATE_SCHEDULER,
    MANY_DEATHS,
    MANY_TIMEOUTS,
    OF_DATABASE,
    OVERDUE,
    UNWRITABLE,
    Check,
    Figures,
    Recent,
    Report,
    Verdict,
    judge_lag,
    warn_when,
)
from ingestd.daemon.chores import TICK
from ingestd.daemon.service import Service
from ingestd.errors import StoreError
from ingestd.store.operations.overview import health_figures
from ingestd.store.schema import migrate

#: Figures younger than this are not asked for again (seconds): many probes cost two queries a second.
_FRESH = 0.5

#: Seconds between two looks at a counter whose recent growth is judged.
_WATCH = 60.0


class Health:
    """Asks the service how it is, and answers within a second."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.figures = BoundedQuery(self._figures)
        self._schema = migrate.head()
        self._deaths, self._timeouts = Recent(), Recent()

    async def watch(self) -> None:
        """Look at the counters every so often, also when nobody asks; until cancelled."""
        while True:
            await asyncio.sleep(_WATCH)
            list(self._extractors(datetime.now(UTC)))

    async def close(self) -> None:
        """Take back what the database was asked."""
        await self.figures.close()

    @property
    def lag(self) -> float:
        """How late the scheduler is (seconds)."""
        return max(0.0, monotonic() - self.service.service_state.last_tick - TICK)

    @property
    def uptime(self) -> float:
        """How long the service has been there (seconds)."""
        return (datetime.now(UTC) - self.service.service_state.started_at).total_seconds()

    async def unready(self) -> str | None:
        """Say why no work can be expected of us, None when it can."""
        if reason := self._unready_at_once():
            return reason
        try:
            answer = await self.figures.ask(fresh=_FRESH)
        except StoreError as error:
            return str(error)
        if not answer.value.schema_fits:
            return "the schema is not that of this program"
        for kept in (self._writes, self._archive):
            if (refused := kept(answer.value.at).verdict).status == "fail":
                return refused.output
        return self._unready_at_once()  # SIGTERM may have come while the database thought about it

    def _unready_at_once(self) -> str | None:
        if self.service.service_state.stopping:
            return "stopping"
        return f"the scheduler is {self.lag:.0f} s late" if self.lag > LATE_SCHEDULER else None

    async def report(self) -> Report:
        """Judge every figure."""
        unanswered = None
        try:
            figures: Figures | None = (await self.figures.ask(fresh=_FRESH)).value
        except StoreError as error:
            figures = self.figures.last.value if self.figures.last else None
            unanswered = Verdict(status="fail", output=str(error))
        now, lag, uptime = datetime.now(UTC), self.lag, self.uptime
        return Report(
            uptime=uptime,
            run_id=self.service.runtime.run_id,
            stopping=self.service.service_state.stopping,
            checks=(
                *_of_database(figures, unanswered, now),
                self._writes(now),
                self._archive(now),
                Check(name="scheduler:lag", value=lag, unit="s", at=now, verdict=judge_lag(lag)),
                self._network(now),
                *self._extractors(now),
                Check(name="uptime", component="system", value=uptime, unit="s", at=now),
            ),
        )

    async def _figures(self) -> Figures:
        database, started = self.service.runtime.database, monotonic()
        await database.ping()
        response = monotonic() - started
        now = datetime.now(UTC)
        async with database.read() as connection:
            figures = await health_figures(connection, now=now, late=now - timedelta(seconds=OVERDUE))
        return Figures(
            at=now,
            response=response,
            health=figures,
            schema_fits=figures.schema == self._schema,
            uptime=self.uptime,
            interval=self.service.runtime.ingest.rules.interval,
        )

    def _writes(self, now: datetime) -> Check:
        since = self.service.service_state.unwritable
        seconds = monotonic() - since if since is not None else 0.0
        # What the driver said is in the log.
        refused = Verdict(status="fail", output="the database refuses what we write; the log says why")
        failing = refused if seconds > UNWRITABLE else Verdict()
        return Check(name="database:writes", component="datastore", value=seconds, unit="s", at=now, verdict=failing)

    def _archive(self, now: datetime) -> Check:
        since = self.service.runtime.archive.refuses_since
        seconds = monotonic() - since if since else 0.0
        failing = Verdict(status="fail", output="the archive takes nothing: its disk is full, or it is read-only")
        return Check(
            name="archive:writes", component="datastore", value=seconds, unit="s", at=now,
            verdict=failing if seconds > UNWRITABLE else Verdict(),
        )  # fmt: skip

    def _network(self, now: datetime) -> Check:
        breakers = self.service.runtime.fetcher.breakers
        held = warn_when(breakers.offline, "nothing answers: look at our own network and name server")
        return Check(
            name="network:sitesLeftAlone", value=len(breakers.open_sites()), unit="sites", at=now, verdict=held
        )

    def _extractors(self, now: datetime) -> Iterator[Check]:
        pool, moment = self.service.runtime.pool, monotonic()
        deaths = self._deaths.growth(pool.deaths, now=moment)
        died = warn_when(deaths >= MANY_DEATHS, "worker processes died within the last hour")
        yield Check(name="extractors:deaths", value=deaths, unit="in the last hour", at=now, verdict=died)
        timeouts = self._timeouts.growth(pool.timeouts, now=moment)
        hung = warn_when(timeouts >= MANY_TIMEOUTS, "pages took too long within the last hour")
        yield Check(name="extractors:timeouts", value=timeouts, unit="in the last hour", at=now, verdict=hung)


def _of_database(figures: Figures | None, unanswered: Verdict | None, now: datetime) -> Iterator[Check]:
    """Yield the checks that need the database; without an answer all fail, with what was last known."""
    for name, component, unit, measure in OF_DATABASE:
        value, verdict = measure(figures) if figures else (None, Verdict())
        at = figures.at if figures else now
        yield Check(name=name, component=component, value=value, unit=unit, at=at, verdict=unanswered or verdict)
