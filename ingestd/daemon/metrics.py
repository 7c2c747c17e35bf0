"""The Prometheus metrics of the daemon."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar, get_args

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from ingestd import __version__
from ingestd.daemon import consumer_checks, node_checks
from ingestd.daemon.checks import Figures, Pulse
from ingestd.daemon.health import Health
from ingestd.daemon.usage_metrics import usage_metrics
from ingestd.errors import StoreError
from ingestd.store.polls.poll_result import PollOutcome

L = TypeVar("L", bound=tuple[str, ...])

#: How old the database figures may be (seconds): several scrapers share one query.
_MAX_AGE = 5.0

_REVISIT_OUTCOMES = ("changed", "unchanged", "gone", "failed")
_ENTRY_OUTCOMES = ("saved", "untouched", "failed")


class Metrics(Collector):
    """A collector in its own registry; counters start at 0 with this process."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._pulse: Pulse | None = None
        self._figures: Figures | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def render(self, accept: str) -> tuple[bytes, str]:
        """Return the exposition and its media type for an Accept header; without the database, without its metrics."""
        self._pulse = self._figures = None
        with suppress(StoreError):
            pulse = (await self._health.pulse.result(max_age=_MAX_AGE)).value
            self._figures = await self._health.current_figures(max_age=_MAX_AGE)
            self._pulse = pulse
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def describe(self) -> Iterable[Metric]:
        """Return nothing: without it the registry would call `collect` on registration."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Yield all metric families; those of the database only when it answers."""
        yield _labelled("ingestd_build_info", "The running program.", ("version",), {(__version__,): 1})
        yield from self._service()
        yield from self._extractors()
        up = self._pulse is not None
        yield GaugeMetricFamily("ingestd_database_up", "Whether the database answers.", value=up)
        if self._pulse:
            response = self._pulse.response
            yield GaugeMetricFamily("ingestd_database_response_seconds", "Response time of the database.", response)
        if self._figures:
            yield from _database_metrics(self._figures)
            deliveries = self._health.service.deliveries
            totals = deliveries.totals if deliveries else {}
            yield from node_checks.metrics(self._figures.health.nodes)
            yield from consumer_checks.metrics(self._figures.health.consumers, totals)
        if self._health.service.usage.latest:
            yield from usage_metrics(self._health.service.usage.latest)

    def _service(self) -> Iterable[Metric]:
        service_state = self._health.service.service_state
        polls = {(outcome,): 0 for outcome in get_args(PollOutcome)}
        polls |= {(outcome,): count for outcome, count in service_state.polls_done.items()}
        yield _counted("ingestd_polls", "Polls completed.", ("outcome",), polls)
        pushes = {(outcome,): service_state.pushes.get(outcome, 0) for outcome in ("taken", "dropped")}
        yield _counted("ingestd_pushes", "Pushes from hubs and to inboxes.", ("outcome",), pushes)
        entries = {(outcome,): 0 for outcome in _ENTRY_OUTCOMES}
        entries |= {(outcome,): count for outcome, count in service_state.entries_done.items()}
        yield _counted("ingestd_entries", "Entries processed.", ("outcome",), entries)
        revisits = {(outcome,): service_state.revisits_done.get(outcome, 0) for outcome in _REVISIT_OUTCOMES}
        yield _counted("ingestd_revisits", "Pages fetched again.", ("outcome",), revisits)
        if placer := self._health.service.placer:
            from ingestd.likeness.placement import How  # noqa: PLC0415 - it needs numpy: see `daemon.run`

            placed = {(how,): placer.placed.get(how, 0) for how in get_args(How)}
            yield _counted("ingestd_records_placed", "Records placed in stories.", ("how",), placed)
            yield GaugeMetricFamily(
                "ingestd_stories_lag_events", "Events that wait for their placement in stories.", placer.waiting
            )
            yield CounterMetricFamily(
                "ingestd_stories_passed", "Revisions that could not be placed in stories.", placer.passed
            )
            walked = placer.walk.progress
            yield GaugeMetricFamily(
                "ingestd_stories_unplaced_revisions",
                "Stored revisions that are still to be looked at, after an upgrade or in a rebuild.",
                walked.last - walked.revision if walked else 0,
            )
        yield _counted("ingestd_failures", "Failures of polls and entries.", ("stage", "error"), service_state.failures)
        yield CounterMetricFamily(
            "ingestd_fetched_bytes", "Bytes of feeds and pages, decoded.", value=service_state.bytes_fetched
        )
        yield CounterMetricFamily(
            "ingestd_documents_warned",
            "Polls and pushes with warnings of parsing.",
            value=service_state.documents_warned,
        )
        streams = self._health.service.streams
        yield GaugeMetricFamily("ingestd_stream_clients", "Clients that read /v1/stream.", streams.clients)
        yield CounterMetricFamily("ingestd_stream_messages", "Messages written to clients of streams.", streams.written)
        yield CounterMetricFamily(
            "ingestd_stream_slow_clients", "Clients of streams that were disconnected: too slow.", streams.too_slow
        )
        at_work = {
            ("polls",): service_state.polls_at_work,
            ("pages",): service_state.pages_at_work,
            ("revisits",): service_state.revisits_at_work,
        }
        yield _labelled("ingestd_at_work", "Polls, pages and revisits in progress.", ("kind",), at_work)
        yield GaugeMetricFamily(
            "ingestd_waiting", "Claimed polls and entries waiting for their site.", service_state.waiting
        )
        groups = self._health.service.runtime.pacing.groups
        yield GaugeMetricFamily(
            "ingestd_shared_budgets",
            "Networks whose sites throttle together and share a budget.",
            len(groups.budgets()),
        )
        yield CounterMetricFamily(
            "ingestd_shared_budget_put_off",
            "Requests put off because the budget of a network was used up.",
            groups.put_off,
        )
        yield GaugeMetricFamily("ingestd_stopping", "Whether the daemon is stopping.", value=service_state.stopping)
        yield GaugeMetricFamily("ingestd_scheduler_lag_seconds", "How late the scheduler is.", self._health.lag)

    def _extractors(self) -> Iterable[Metric]:
        pool = self._health.service.runtime.pool
        yield CounterMetricFamily("ingestd_extractor_jobs", "Jobs completed by worker processes.", pool.done)
        yield CounterMetricFamily("ingestd_extractor_deaths", "Workers that died.", pool.deaths)
        yield CounterMetricFamily(
            "ingestd_extractor_timeouts", "Workers killed because a job exceeded its CPU time.", pool.timeouts
        )
        yield CounterMetricFamily(
            "ingestd_extractor_stalls", "Workers killed because a job made too little progress.", pool.stalls
        )
        yield CounterMetricFamily(
            "ingestd_extractor_recycled", "Workers replaced after many jobs or for lack of memory.", pool.recycled
        )
        yield GaugeMetricFamily("ingestd_extractors_busy", "Workers running a job.", pool.busy)
        yield GaugeMetricFamily("ingestd_extractor_jobs_waiting", "Jobs waiting for a worker.", pool.waiting)


def _database_metrics(figures: Figures) -> Iterable[Metric]:
    health, now = figures.health, datetime.now(UTC)
    by_state = {(state,): count for state, count in health.sources.items()}
    yield _labelled("ingestd_sources", "Sources by state.", ("state",), by_state)
    yield GaugeMetricFamily("ingestd_sources_overdue", "Active sources due for over five minutes.", health.overdue)
    yield GaugeMetricFamily("ingestd_sources_failing", "Active sources whose last poll failed.", health.failing)
    yield GaugeMetricFamily("ingestd_sources_warned", "Active sources with warnings of parsing.", health.warned)
    yield GaugeMetricFamily(
        "ingestd_claims_past_due", "Claims whose work was due over 15 minutes ago.", health.late_claims
    )
    yield GaugeMetricFamily("ingestd_queue_entries", "Entries due and not in progress.", health.queue)
    age = (now - health.queue_since).total_seconds() if health.queue_since else 0.0
    yield GaugeMetricFamily("ingestd_queue_age_seconds", "How long the oldest due entry has been due.", age)
    if health.oldest_success:
        yield GaugeMetricFamily(
            "ingestd_oldest_success_timestamp_seconds",
            "Oldest last success among the active sources.",
            health.oldest_success.timestamp(),
        )


def _counted(name: str, help_text: str, labels: tuple[str, ...], counts: Mapping[L, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, help_text, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def _labelled(name: str, help_text: str, labels: tuple[str, ...], values: Mapping[L, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family
