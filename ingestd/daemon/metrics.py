"""What the daemon counts and measures, for Prometheus."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar, get_args

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from ingestd import __version__
from ingestd.daemon.checks import Figures
from ingestd.daemon.health import Health
from ingestd.errors import StoreError
from ingestd.store.polls.poll_result import Outcome

L = TypeVar("L", bound=tuple[str, ...])

#: Figures of the database may be this old (seconds): a scrape is not a probe, and several scrapers are one query.
_FRESH = 5.0

_VISIT_OUTCOMES = ("changed", "unchanged", "gone", "failed")
_ENTRY_OUTCOMES = ("saved", "untouched", "failed")


class Metrics(Collector):
    """Everything in one registry of its own; counters are since the start of this process."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._figures: Figures | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def render(self, accept: str) -> tuple[bytes, str]:
        """Return the text and its media type, by what the scraper accepts; without the database, what is left."""
        try:
            self._figures = (await self._health.figures.ask(fresh=_FRESH)).value
        except StoreError:
            self._figures = None
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def describe(self) -> Iterable[Metric]:
        """Name nothing in advance: the registry would collect once to find out."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield every family, the database's only when it answers."""
        yield _labelled("ingestd_build_info", "The running program.", ("version",), {(__version__,): 1})
        yield from self._service()
        yield from self._extractors()
        up = self._figures is not None
        yield GaugeMetricFamily("ingestd_database_up", "Whether the database answers.", value=up)
        if self._figures:
            yield from _of_database(self._figures)

    def _service(self) -> Iterable[Metric]:
        service_state = self._health.service.service_state
        of_polls = {(outcome,): 0 for outcome in get_args(Outcome)}
        of_polls |= {(outcome,): count for outcome, count in service_state.polls_done.items()}
        yield _counted("ingestd_polls", "Polls of sources that ended.", ("outcome",), of_polls)
        of_pushes = {(outcome,): service_state.pushes.get(outcome, 0) for outcome in ("taken", "dropped")}
        yield _counted("ingestd_pushes", "Pushes of hubs and to inboxes.", ("outcome",), of_pushes)
        of_entries = {(outcome,): 0 for outcome in _ENTRY_OUTCOMES}
        of_entries |= {(outcome,): count for outcome, count in service_state.entries_done.items()}
        yield _counted("ingestd_entries", "Entries that were worked on.", ("outcome",), of_entries)
        of_visits = {(outcome,): service_state.revisits_done.get(outcome, 0) for outcome in _VISIT_OUTCOMES}
        yield _counted("ingestd_revisits", "Pages that were visited again.", ("outcome",), of_visits)
        yield _counted("ingestd_failures", "Failures of polls and entries.", ("stage", "error"), service_state.failures)
        yield CounterMetricFamily(
            "ingestd_fetched_bytes", "Bytes of feeds and pages, decoded.", value=service_state.bytes_fetched
        )
        at_work = {
            ("polls",): service_state.polls_at_work,
            ("pages",): service_state.pages_at_work,
            ("revisits",): service_state.revisits_at_work,
        }
        yield _labelled("ingestd_at_work", "Polls, pages and revisits under way.", ("kind",), at_work)
        yield GaugeMetricFamily(
            "ingestd_waiting", "Claimed polls and entries that wait for their site.", service_state.waiting
        )
        yield GaugeMetricFamily("ingestd_stopping", "Whether nothing new is begun.", value=service_state.stopping)
        yield GaugeMetricFamily("ingestd_scheduler_lag_seconds", "How late the scheduler is.", self._health.lag)

    def _extractors(self) -> Iterable[Metric]:
        pool = self._health.service.runtime.pool
        yield CounterMetricFamily("ingestd_extractor_jobs", "Jobs that worker processes answered.", pool.done)
        yield CounterMetricFamily("ingestd_extractor_deaths", "Workers that ended by themselves.", pool.deaths)
        yield CounterMetricFamily("ingestd_extractor_timeouts", "Workers killed over a job.", pool.timeouts)
        yield CounterMetricFamily("ingestd_extractor_recycled", "Workers replaced on purpose.", pool.recycled)
        yield GaugeMetricFamily("ingestd_extractors_busy", "Workers with a job.", pool.busy)
        yield GaugeMetricFamily("ingestd_extractor_jobs_waiting", "Jobs that wait for a worker.", pool.waiting)


def _of_database(figures: Figures) -> Iterable[Metric]:
    known, now = figures.health, datetime.now(UTC)
    yield GaugeMetricFamily("ingestd_database_response_seconds", "How long it took to answer.", figures.response)
    by_state = {(state,): count for state, count in known.sources.items()}
    yield _labelled("ingestd_sources", "Sources.", ("state",), by_state)
    yield GaugeMetricFamily("ingestd_sources_overdue", "Active sources due for over five minutes.", known.overdue)
    yield GaugeMetricFamily("ingestd_sources_failing", "Active sources whose last poll failed.", known.failing)
    yield GaugeMetricFamily("ingestd_queue_entries", "Entries due and not at work.", known.queue)
    age = (now - known.queue_since).total_seconds() if known.queue_since else 0.0
    yield GaugeMetricFamily("ingestd_queue_age_seconds", "How long the oldest of them has been due.", age)
    if known.oldest_success:
        yield GaugeMetricFamily(
            "ingestd_oldest_success_timestamp_seconds",
            "When the active source was read that was not read for the longest time.",
            known.oldest_success.timestamp(),
        )


def _counted(name: str, help_text: str, labels: tuple[str, ...], counts: Mapping[L, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, help_text, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def _labelled(name: str, help_text: str, labels: tuple[str, ...], values: Mapping[L, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for of_labels, value in values.items():
        family.add_metric(of_labels, value)
    return family
