from datetime import UTC, datetime, timedelta

import pytest

from ingestd.model.source import Pace
from ingestd.policy.polling.pace import first_pace, pace_after, poll_wait

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = 3600.0


def ago(*hours: float) -> list[datetime | None]:
    return [NOW - timedelta(hours=hour) for hour in hours]


@pytest.mark.parametrize(
    ("published", "rate"),
    [
        pytest.param(ago(0, 1, 2, 3, 4), 1.0, id="one-an-hour"),
        pytest.param(ago(*range(0, 48, 12)), 3 / 36, id="two-a-day"),
        pytest.param([], 1.0, id="no-entries"),
        pytest.param([None, None], 1.0, id="no-dates"),
        pytest.param(ago(5), 1.0, id="one-date-says-nothing"),
        pytest.param(ago(5, 5, 5), 1.0, id="one-date-for-all-says-nothing"),
        pytest.param(ago(-5, -6, 1, 2), 0.5, id="the-future-does-not-count"),
        pytest.param(ago(24 * 400, 1, 2), 0.5, id="nor-does-what-is-long-past"),
    ],
)
def test_first_pace_follows_the_dates_of_the_first_document(published: list[datetime | None], rate: float) -> None:
    assert first_pace(published, NOW).rate == pytest.approx(rate)


def test_dates_weigh_at_most_a_day_of_observation() -> None:
    assert first_pace(ago(*range(0, 480, 2)), NOW).hours == 24


def test_pace_falls_while_nothing_is_published_and_rises_again() -> None:
    pace = Pace(arrivals=24.0, hours=24.0)
    silent = pace_after(pace, new=0, elapsed=48 * HOUR)
    awake = pace_after(silent, new=30, elapsed=HOUR)

    assert silent.rate < pace.rate < 1.01
    assert awake.rate > silent.rate


def test_a_clock_set_back_does_not_change_the_pace() -> None:
    assert pace_after(Pace(arrivals=5.0, hours=2.0), new=0, elapsed=-HOUR) == Pace(arrivals=5.0, hours=2.0)


@pytest.mark.parametrize(
    ("rate", "window", "new", "elapsed", "lost", "seconds"),
    [
        pytest.param(1.0, 30, 0, 900, False, 900, id="one-an-hour-is-the-base"),
        pytest.param(4.0, 90, 0, 900, False, 450, id="four-times-as-fast-twice-as-often"),
        pytest.param(0.25, 30, 0, 900, False, 1800, id="four-times-as-slow-half-as-often"),
        pytest.param(1.0, 0, 0, 900, False, 900, id="no-window-yet"),
        pytest.param(60.0, 2, 0, 900, False, 99.0, id="a-short-window-is-not-to-roll-over"),
        pytest.param(1.0, 30, 20, 900, False, 437.7, id="a-burst-brings-us-back-sooner"),
        pytest.param(1.0, 30, 30, 900, True, 225, id="what-rolled-over-sooner-still"),
        pytest.param(1.0, 30, 30, 0, True, 900, id="no-time-passed"),
    ],
)
def test_the_wait_depends_on_the_pace_and_the_window(
    rate: float, window: int, new: int, elapsed: float, lost: bool, seconds: float
) -> None:
    pace = Pace(arrivals=rate, hours=1.0)

    wait = poll_wait(pace, base=900, window=window, new=new, elapsed=elapsed, lost=lost)

    assert wait == pytest.approx(seconds, rel=0.01)


def test_a_source_that_publishes_in_bursts_is_polled_more_often() -> None:
    one_by_one = many = Pace()
    for _ in range(40):
        one_by_one = pace_after(one_by_one, new=2, elapsed=HOUR)
        many = pace_after(pace_after(many, new=0, elapsed=4 * HOUR), new=10, elapsed=HOUR)

    assert one_by_one.rate == pytest.approx(many.rate, rel=0.1)
    assert (one_by_one.dispersion, many.dispersion > 3) == (1.0, True)
    waits = [poll_wait(pace, base=20 * HOUR, window=20, new=0, elapsed=HOUR) for pace in (one_by_one, many)]
    assert waits[1] < waits[0] / 2
