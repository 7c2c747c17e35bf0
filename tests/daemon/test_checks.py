from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ingestd.daemon import checks
from ingestd.daemon.checks import (
    Check,
    Figures,
    Measured,
    Pulse,
    RecentGrowth,
    Report,
    Verdict,
    failing,
    judge_lag,
    oldest_success,
    overdue,
    queue_age,
    response_time,
    warnings,
)
from ingestd.store.operations.overview import HealthFigures

NOON = datetime(2020, 6, 24, 12, tzinfo=UTC)


def figures(
    *,
    active: int = 100,
    late: int = 0,
    broken: int = 0,
    success: timedelta | None = timedelta(minutes=5),
    interval: float = 0.0,
    waiting: timedelta | None = None,
    uptime: float = 86_400.0,
    daemons: int = 1,
    kills: int = 0,
) -> Figures:
    return Figures(
        at=NOON,
        uptime=uptime,
        interval=900.0,
        health=HealthFigures(
            sources={"active": active, "paused": 0},
            overdue=late,
            failing=broken,
            quiet=0,
            warned=broken,
            incomplete=broken,
            gaps=0,
            unconfirmed_kills=kills,
            oldest_success=None if success is None else NOON - success,
            longest_interval=interval,
            queue=0 if waiting is None else 1,
            queue_since=None if waiting is None else NOON - waiting,
            daemons=daemons,
            late_claims=0,
        ),
    )


@pytest.mark.parametrize(
    ("measure", "seen", "value", "status"),
    [
        pytest.param(overdue, figures(active=0), 0, "pass", id="no sources"),
        pytest.param(overdue, figures(late=1), 1, "warn", id="one overdue"),
        pytest.param(overdue, figures(late=60), 60, "fail", id="most overdue"),
        pytest.param(overdue, figures(late=60, uptime=20.0), 60, "warn", id="most overdue after a start"),
        pytest.param(failing, figures(broken=3), 3, "pass", id="a few fail"),
        pytest.param(failing, figures(broken=30), 30, "warn", id="many fail"),
        pytest.param(failing, figures(active=1, broken=1), 1, "warn", id="the only one fails"),
        pytest.param(warnings, figures(broken=3), 3, "pass", id="a few documents have defects"),
        pytest.param(warnings, figures(broken=30), 30, "warn", id="many documents have defects"),
        pytest.param(oldest_success, figures(success=None), None, "pass", id="no success yet"),
        pytest.param(oldest_success, figures(), 300.0, "pass", id="a success"),
        pytest.param(oldest_success, figures(success=timedelta(days=8)), 691_200.0, "warn", id="dead for a week"),
        pytest.param(
            oldest_success,
            figures(success=timedelta(days=8), interval=691_200.0),
            691_200.0,
            "pass",
            id="a slow source",
        ),
        pytest.param(queue_age, figures(), 0.0, "pass", id="no queue"),
        pytest.param(queue_age, figures(waiting=timedelta(minutes=1)), 60.0, "pass", id="a short queue"),
        pytest.param(queue_age, figures(waiting=timedelta(hours=1)), 3600.0, "warn", id="a queue that stands"),
        pytest.param(checks.daemons, figures(), 1, "pass", id="one daemon"),
    ],
)
def test_each_figure_gets_its_verdict(
    measure: Callable[[Figures], Measured], seen: Figures, value: float | None, status: str
) -> None:
    observed, verdict = measure(seen)

    assert (observed, verdict.status) == (value, status)
    assert (verdict.output is None) == (status == "pass")


@pytest.mark.parametrize(
    ("pulse", "value", "status"),
    [
        pytest.param(Pulse(at=NOON, response=0.001, schema_fits=True), 1.0, "pass", id="a quick database"),
        pytest.param(Pulse(at=NOON, response=0.5, schema_fits=True), 500.0, "warn", id="a slow database"),
        pytest.param(Pulse(at=NOON, response=0.001, schema_fits=False), 1.0, "fail", id="another program's schema"),
    ],
)
def test_the_response_of_the_database_gets_its_verdict(pulse: Pulse, value: float, status: str) -> None:
    observed, verdict = response_time(pulse)

    assert (observed, verdict.status) == (value, status)
    assert (verdict.output is None) == (status == "pass")


@pytest.mark.parametrize(("lag", "status"), [(0.0, "pass"), (10.0, "warn"), (31.0, "fail")])
def test_a_late_scheduler_is_a_warning_and_a_dead_one_a_failure(lag: float, status: str) -> None:
    assert judge_lag(lag).status == status


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [(["pass", "pass"], "pass"), (["pass", "warn"], "warn"), (["warn", "fail", "pass"], "fail")],
    ids=" ".join,
)
def test_the_status_of_a_report_is_that_of_its_worst_check(statuses: list[str], worst: str) -> None:
    verdicts = {"pass": Verdict(), "warn": Verdict(status="warn"), "fail": Verdict(status="fail")}
    checks = tuple(Check(name=name, value=1, unit="s", at=NOON, verdict=verdicts[name]) for name in statuses)

    assert Report(uptime=1.0, run_id="r", stopping=False, checks=checks).status == worst


def test_only_growth_within_the_last_hour_counts() -> None:
    deaths = RecentGrowth()

    assert deaths.growth(0, now=10_000) == 0
    assert deaths.growth(2, now=10_060) == 2
    assert deaths.growth(3, now=12_000) == 3
    assert deaths.growth(3, now=13_659) == 3
    assert deaths.growth(3, now=13_660) == 1
    assert deaths.growth(3, now=15_600) == 0
    assert deaths.growth(4, now=99_000) == 1


def test_a_check_has_the_members_of_the_draft_and_no_absent_ones() -> None:
    check = Check(name="scheduler:lag", value=1.23456, unit="s", at=NOON)

    assert check.as_json() == {
        "componentType": "component",
        "observedValue": 1.235,
        "observedUnit": "s",
        "status": "pass",
        "time": "2020-06-24T12:00:00Z",
    }


def test_kills_in_words_warn_until_somebody_decides() -> None:
    assert checks.unconfirmed_kills(figures())[1].status == "pass"
    count, verdict = checks.unconfirmed_kills(figures(kills=2))

    assert (count, verdict.status) == (2, "warn")
    assert verdict.output
    assert "--unconfirmed-kills" in verdict.output
