from datetime import UTC, datetime, timedelta

import pytest

from ingestd.policy.polling.quiet import QUIET_BELOW, probability_of_silence

#: A Friday.
NOW = datetime(2026, 1, 30, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def office_hours(until: datetime, weeks: int = 8) -> list[datetime]:
    """An entry each hour from 8 to 18, Monday to Friday."""
    hours = (until - HOUR * number for number in range(weeks * 168))
    return [hour for hour in hours if 8 <= hour.hour < 18 and hour.weekday() < 5]


@pytest.mark.parametrize(
    ("since", "now", "weeks", "quiet"),
    [
        pytest.param(NOW - HOUR, NOW, 8, False, id="an-hour"),
        pytest.param(NOW - 9 * HOUR, NOW, 8, True, id="a-working-day"),
        pytest.param(NOW - HOUR, NOW + 60 * HOUR, 8, False, id="a-weekend"),
        pytest.param(NOW - HOUR, NOW + 72 * HOUR, 8, True, id="the-monday-after-it"),
        pytest.param(NOW - 9 * HOUR, NOW, 1, False, id="not-watched-for-long-enough"),
    ],
)
def test_silence_is_judged_by_the_same_hours_of_past_weeks(
    since: datetime, now: datetime, weeks: int, quiet: bool
) -> None:
    history = office_hours(since, weeks)

    chance = probability_of_silence(history, watched_since=since - timedelta(weeks=weeks), since=since, now=now)

    assert (chance < QUIET_BELOW) is quiet


def test_an_irregular_source_may_be_silent() -> None:
    since = NOW - timedelta(days=2)
    history = [since - timedelta(days=3 * number, hours=number % 7) for number in range(18)]

    assert probability_of_silence(history, watched_since=since - timedelta(weeks=8), since=since, now=NOW) > QUIET_BELOW
