"""What /health and /metrics say of consumers."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ingestd.daemon.checks import Component, Figures, Measured, Verdict, warn_when
from ingestd.delivery.engine.item import Totals
from ingestd.store.consumers.figures import ConsumerFigures

#: Seconds for which an endpoint may fail before health warns: it may be restarted meanwhile.
_FAILING = 900.0

#: Consumers that a warning names.
_MOST_NAMED = 5

_SEE = "see `ingestd consumers"


def stopped(figures: Figures) -> Measured:
    """Return the number of consumers that are disabled or expired."""
    names = [one.name for one in figures.health.consumers if one.state in ("disabled", "expired")]
    return len(names), _warning(names, "consumers get nothing any more", f"{_SEE} show`, then resume or seek")


def failing(figures: Figures) -> Measured:
    """Return the number of consumers whose endpoint has taken nothing for long."""
    names = [
        one.name
        for one in figures.health.consumers
        if one.state == "active" and one.failing_since and (figures.at - one.failing_since).total_seconds() > _FAILING
    ]
    return len(names), _warning(names, "endpoints have taken nothing for over 15 minutes", f"{_SEE} show`")


def dead(figures: Figures) -> Measured:
    """Return the number of messages that are not tried again."""
    names = [one.name for one in figures.health.consumers if one.dead]
    count = sum(one.dead for one in figures.health.consumers)
    return count, _warning(names, "messages were not taken", f"{_SEE} failures`, then redeliver or drop")


def _warning(names: list[str], what: str, advice: str) -> Verdict:
    listed = ", ".join(names[:_MOST_NAMED]) + (" ..." if len(names) > _MOST_NAMED else "")
    return warn_when(bool(names), f"{what}: {listed}; {advice}")


#: The checks of consumers, as `checks.DATABASE_CHECKS`.
CHECKS: tuple[tuple[str, Component, str, Callable[[Figures], Measured]], ...] = (
    ("consumers:stopped", "component", "consumers", stopped),
    ("consumers:failing", "component", "consumers", failing),
    ("consumers:deadMessages", "component", "messages", dead),
)


def metrics(consumers: Iterable[ConsumerFigures], totals: Mapping[str, Totals]) -> Iterable[Metric]:
    """Yield the metrics of consumers; `totals` are those of this process."""
    gauges = (
        GaugeMetricFamily("ingestd_consumer_lag_events", "Events that a consumer has not passed.", labels=_LABELS),
        GaugeMetricFamily("ingestd_consumer_waiting", "Messages that wait for another try.", labels=_LABELS),
        GaugeMetricFamily("ingestd_consumer_dead", "Messages that are not tried again.", labels=_LABELS),
        GaugeMetricFamily("ingestd_consumer_active", "Whether a consumer is active.", labels=_LABELS),
    )
    for one in consumers:
        for gauge, value in zip(gauges, (one.lag, one.waiting, one.dead, one.state == "active"), strict=True):
            gauge.add_metric((one.name, one.kind), value)
    yield from gauges
    counters = (
        CounterMetricFamily("ingestd_consumer_delivered", "Messages delivered.", labels=_LABELS[:1]),
        CounterMetricFamily("ingestd_consumer_refused", "Attempts that an endpoint refused.", labels=_LABELS[:1]),
        CounterMetricFamily(
            "ingestd_consumer_overtaken", "Messages not sent, for a later kill of their record.", labels=_LABELS[:1]
        ),
    )
    for name, one_total in totals.items():
        values = (one_total.delivered, one_total.failed, one_total.overtaken)
        for counter, value in zip(counters, values, strict=True):
            counter.add_metric((name,), value)
    yield from counters


_LABELS = ("consumer", "kind")
