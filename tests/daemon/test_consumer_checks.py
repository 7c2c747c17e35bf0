"""What /health and /metrics say of consumers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ingestd.daemon import consumer_checks
from ingestd.daemon.consumer_checks import dead, failing, stopped
from ingestd.delivery.engine.item import Totals
from ingestd.store.consumers.figures import ConsumerFigures
from tests.daemon.test_checks import NOON, figures


def consumer(name: str = "desk", **values: Any) -> ConsumerFigures:
    known = {"kind": "webhook", "state": "active", "lag": 0, "failing_since": None, "waiting": 0, "dead": 0}
    return ConsumerFigures(name=name, **{**known, **values})


@pytest.mark.parametrize(
    ("measure", "some", "value", "output"),
    [
        pytest.param(stopped, [consumer(), consumer("b", state="paused")], 0, None, id="none stopped"),
        pytest.param(
            stopped, [consumer(state="expired"), consumer("b", state="disabled")], 2,
            "consumers get nothing any more: desk, b; see `ingestd consumers show`, then resume or seek", id="stopped",
        ),
        pytest.param(failing, [consumer(failing_since=NOON - timedelta(minutes=14))], 0, None, id="fails for a while"),
        pytest.param(
            failing, [consumer(failing_since=NOON - timedelta(minutes=16))], 1,
            "endpoints have taken nothing for over 15 minutes: desk; see `ingestd consumers show`", id="fails for long",
        ),
        pytest.param(dead, [consumer(waiting=3)], 0, None, id="only waiting"),
        pytest.param(
            dead, [consumer(dead=3), consumer("b", dead=1)], 4,
            "messages were not taken: desk, b; see `ingestd consumers failures`, then redeliver or drop", id="dead",
        ),
    ],
)  # fmt: skip
def test_the_checks_name_what_is_wrong(measure: Any, some: list[ConsumerFigures], value: int, output: str) -> None:
    known = figures()
    seen = replace(known, health=replace(known.health, consumers=tuple(some)))
    count, verdict = measure(seen)
    assert (count, verdict.output, verdict.status) == (value, output, "warn" if output else "pass")


def test_the_metrics_have_each_consumer() -> None:
    totals = {"desk": Totals(delivered=7, failed=2, overtaken=1)}
    families = consumer_checks.metrics([consumer(lag=4, waiting=2, dead=1)], totals)
    samples = {sample.name: sample.value for family in families for sample in family.samples}
    assert samples == {
        "ingestd_consumer_lag_events": 4, "ingestd_consumer_waiting": 2, "ingestd_consumer_dead": 1,
        "ingestd_consumer_active": 1, "ingestd_consumer_delivered_total": 7, "ingestd_consumer_refused_total": 2,
        "ingestd_consumer_overtaken_total": 1,
    }  # fmt: skip
