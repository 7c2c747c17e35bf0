from datetime import UTC, datetime

import pytest

from ingestd.model.source import Hints
from ingestd.policy.polling.cadence import MAX_RETRY_WAIT, MAX_WAIT, next_attempt, next_poll

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def wait(**changes: object) -> float:
    values: dict[str, object] = {"wait": 900.0, "floor": 60.0, "failures": 0, "jitter": 0.0} | changes
    return (next_poll(NOW, **values) - NOW).total_seconds()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        pytest.param({}, 900, id="as-we-would"),
        pytest.param({"wait": 10.0}, 60, id="floor-wins"),
        pytest.param({"failures": 1}, 900, id="first-failure-waits-no-longer"),
        pytest.param({"failures": 2}, 1800, id="doubled"),
        pytest.param({"failures": 3}, 3600, id="doubled-again"),
        pytest.param({"failures": 10_000}, MAX_WAIT, id="a-day-at-the-most"),
        pytest.param({"failures": 1, "retry_after": 7200.0}, 7200, id="the-server-says-later"),
        pytest.param({"failures": 1, "retry_after": 1.0}, 900, id="the-server-says-sooner"),
        pytest.param({"failures": 1, "retry_after": 1e12}, MAX_WAIT, id="the-server-says-never"),
        pytest.param({"wait": 7 * MAX_WAIT}, 7 * MAX_WAIT, id="a-week-that-the-operator-chose"),
        pytest.param({"wait": 900.0, "floor": 2 * MAX_WAIT}, 2 * MAX_WAIT, id="the-floor-is-the-operators"),
        pytest.param({"wait": 7 * MAX_WAIT, "failures": 5}, 7 * MAX_WAIT, id="a-week-is-not-doubled"),
        pytest.param({"jitter": 0.5}, 945, id="jitter"),
        pytest.param({"wait": MAX_WAIT, "jitter": 0.5}, MAX_WAIT, id="no-jitter-beyond-a-day"),
        pytest.param({"failures": 30, "jitter": 0.5}, MAX_WAIT * 0.95, id="the-longest-is-spread-too"),
    ],
)
def test_a_source_is_due_after(changes: dict[str, float], seconds: float) -> None:
    assert wait(**changes) == seconds


@pytest.mark.parametrize(
    ("hints", "seconds"),
    [
        pytest.param(Hints(fresh_for=3600.0), 3600, id="fresh-for-longer"),
        pytest.param(Hints(fresh_for=30.0), 900, id="a-hint-brings-us-no-sooner"),
        pytest.param(Hints(ttl=7200.0), 7200, id="ttl"),
        pytest.param(Hints(period=1800.0), 1800, id="syndication"),
        pytest.param(Hints(fresh_for=1200.0, ttl=7200.0, period=3600.0), 7200, id="the-longest-of-them"),
        pytest.param(Hints(fresh_for=1e12, ttl=1e12), MAX_WAIT, id="a-day-at-the-most"),
        pytest.param(Hints(skip_hours=(12, 13)), 7200 + 900, id="hours-to-skip"),
        pytest.param(Hints(skip_hours=(13,)), 900, id="hours-that-are-not-now"),
        pytest.param(Hints(skip_days=(5,)), 12 * 3600 + 900, id="a-day-to-skip"),
        pytest.param(Hints(skip_days=(5, 6, 0, 1, 2, 3)), MAX_WAIT, id="skipped-for-a-day-at-the-most"),
        pytest.param(Hints(fresh_for=MAX_WAIT, skip_hours=(12,)), MAX_WAIT, id="all-of-it-a-day-at-the-most"),
    ],
)
def test_hints_of_the_publisher_lengthen_the_wait(hints: Hints, seconds: float) -> None:
    assert wait(hints=hints) == seconds


def test_sources_that_failed_together_are_due_at_different_times() -> None:
    assert wait(failures=1, jitter=0.98) == pytest.approx(900 * 1.49)


@pytest.mark.parametrize(
    ("attempt", "first", "retry_after", "seconds"),
    [
        pytest.param(1, 30.0, None, 30, id="first"),
        pytest.param(2, 30.0, None, 120, id="four-times-as-long"),
        pytest.param(50, 30.0, None, MAX_RETRY_WAIT, id="six-hours-at-the-most"),
        pytest.param(1, 30.0, 600.0, 600, id="the-server-says-later"),
        pytest.param(1, 30.0, 1e12, MAX_WAIT, id="the-server-says-never"),
        pytest.param(1, 0.0, None, 0, id="at-once"),
    ],
)
def test_an_entry_is_retried_after(attempt: int, first: float, retry_after: float | None, seconds: float) -> None:
    due = next_attempt(NOW, attempt=attempt, first=first, retry_after=retry_after, jitter=0.0)

    assert (due - NOW).total_seconds() == seconds


def test_jitter_adds_up_to_a_tenth() -> None:
    waits = [(next_attempt(NOW, attempt=1, first=100, jitter=j / 10) - NOW).total_seconds() for j in range(10)]

    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (100, 109)
