from datetime import UTC, datetime

import pytest

from ingestd.policy.cadence import LONGEST, LONGEST_RETRY, next_poll, next_try

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def wait(**changes: float | None) -> float:
    values = {"interval": 900.0, "floor": 60.0, "failures": 0, "jitter": 0.0} | changes
    return (next_poll(NOW, **values) - NOW).total_seconds()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        pytest.param({}, 900, id="interval"),
        pytest.param({"interval": 10.0}, 60, id="floor-wins"),
        pytest.param({"failures": 1}, 900, id="first-failure-waits-no-longer"),
        pytest.param({"failures": 2}, 1800, id="doubled"),
        pytest.param({"failures": 3}, 3600, id="doubled-again"),
        pytest.param({"failures": 10_000}, LONGEST, id="a-day-at-the-most"),
        pytest.param({"failures": 1, "retry_after": 7200.0}, 7200, id="the-server-says-later"),
        pytest.param({"failures": 1, "retry_after": 1.0}, 900, id="the-server-says-sooner"),
        pytest.param({"failures": 1, "retry_after": 1e12}, LONGEST, id="the-server-says-never"),
        pytest.param({"interval": 7 * LONGEST}, LONGEST, id="no-source-is-left-for-longer"),
        pytest.param({"interval": 7 * LONGEST, "floor": 2 * LONGEST}, 2 * LONGEST, id="but-the-floor-is-the-operators"),
        pytest.param({"jitter": 0.5}, 945, id="jitter"),
    ],
)
def test_a_source_is_due_after(changes: dict[str, float], seconds: float) -> None:
    assert wait(**changes) == seconds


@pytest.mark.parametrize(
    ("attempt", "first", "retry_after", "seconds"),
    [
        pytest.param(1, 30.0, None, 30, id="first"),
        pytest.param(2, 30.0, None, 120, id="four-times-as-long"),
        pytest.param(50, 30.0, None, LONGEST_RETRY, id="six-hours-at-the-most"),
        pytest.param(1, 30.0, 600.0, 600, id="the-server-says-later"),
        pytest.param(1, 30.0, 1e12, LONGEST, id="the-server-says-never"),
        pytest.param(1, 0.0, None, 0, id="at-once"),
    ],
)
def test_an_entry_is_tried_again_after(attempt: int, first: float, retry_after: float | None, seconds: float) -> None:
    due = next_try(NOW, attempt=attempt, first=first, retry_after=retry_after, jitter=0.0)

    assert (due - NOW).total_seconds() == seconds


def test_jitter_adds_up_to_a_tenth() -> None:
    waits = [(next_try(NOW, attempt=1, first=100, jitter=j / 10) - NOW).total_seconds() for j in range(10)]

    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (100, 109)
