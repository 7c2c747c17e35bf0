from datetime import UTC, datetime, timedelta

import pytest

from ingestd.policy.articles.revisits import NO_VISITS, gone_from_status, is_too_late, next_visit, story_date

BORN = datetime(2026, 3, 1, 9, tzinfo=UTC)
MINUTE, DAY = 60.0, 86_400.0


def after(age: float, *, first: float = 15 * MINUTE, until: float = 7 * DAY, jitter: float = 0.0) -> float | None:
    """Return the age at the next visit of a story of this age, both in minutes."""
    now = BORN + timedelta(minutes=age)
    found = next_visit(now, story_date=BORN, first=first, until=until, jitter=jitter)
    return None if found is None else (found - BORN).total_seconds() / MINUTE


def test_visits_become_rarer_as_a_story_ages_and_end() -> None:
    ages: list[float] = []
    age: float | None = 0.0
    while (age := after(age)) is not None:
        ages.append(age)

    assert ages == [15, 30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 7 * 1440]


@pytest.mark.parametrize(
    ("age", "next_age"),
    [
        pytest.param(0.0, 15.0, id="just published"),
        pytest.param(5.0, 20.0, id="younger than the first visit"),
        pytest.param(600.0, 1200.0, id="first seen when it was ten hours old"),
        pytest.param(-60.0, -45.0, id="the clock was set back"),
        pytest.param(7 * 1440 - 1.0, 7 * 1440 + 14.0, id="almost over"),
        pytest.param(7 * 1440.0, None, id="over"),
        pytest.param(300 * 1440.0, None, id="published long ago"),
    ],
)
def test_the_wait_is_the_storys_age_within_limits(age: float, next_age: float | None) -> None:
    assert after(age) == next_age


def test_jitter_spreads_visits_of_stories_that_arrived_together() -> None:
    assert after(0.0, jitter=0.5) == pytest.approx(15 * 1.05)


@pytest.mark.parametrize(("first", "until"), [(0.0, 7 * DAY), (15 * MINUTE, 0.0)])
def test_visits_can_be_turned_off(first: float, until: float) -> None:
    assert after(0.0, first=first, until=until) is None


@pytest.mark.parametrize(("days", "late"), [(7, False), (7.9, False), (8.1, True), (-3, False)])
def test_a_visit_that_is_much_too_late_is_skipped(days: float, late: bool) -> None:
    assert is_too_late(BORN + timedelta(days=days), story_date=BORN, until=7 * DAY) is late


def test_a_story_s_age_counts_from_publication_but_not_after_it_was_first_seen() -> None:
    hour = timedelta(hours=1)
    assert story_date(BORN, None) == BORN
    assert story_date(BORN, BORN - hour) == BORN - hour
    assert story_date(BORN, BORN + hour) == BORN


def test_a_page_is_gone_from_the_first_failure_until_it_is_found() -> None:
    later = BORN + timedelta(hours=1)

    missing = NO_VISITS.missed(BORN, gone=gone_from_status(404), next_at=later)
    still = missing.missed(later, gone=gone_from_status(410), next_at=None)
    failed = still.missed(later, gone=gone_from_status(503), next_at=None)

    assert (missing.count, missing.gone, missing.gone_since, missing.next_at) == (1, "404", BORN, later)
    assert (still.count, still.gone, still.gone_since) == (2, "410", BORN)
    assert (failed.count, failed.gone, failed.gone_since) == (3, "410", BORN)
    found = failed.found(later, is_revisit=True, next_at=later)
    assert (found.count, found.gone, found.gone_since) == (4, None, None)


@pytest.mark.parametrize("status", [200, 401, 403, 429, 500, 503])
def test_other_statuses_do_not_mean_that_a_page_is_gone(status: int) -> None:
    assert gone_from_status(status) is None
