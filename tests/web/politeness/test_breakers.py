"""Who keeps failing is left alone, and tried again by one."""

import pytest

from ingestd.errors import (
    BrokenReply,
    FetchError,
    Held,
    Offline,
    Refused,
    TimedOut,
    TooLarge,
    Unanswered,
    Unreachable,
)
from ingestd.web.politeness.breakers import ALL_SITES, ALL_WAIT, SITE_FAILURES, SITE_WAIT, Breakers

URL = "https://paper.example/"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breakers(clock: Clock) -> Breakers:
    return Breakers(clock)


def fail(breakers: Breakers, site: str, error: FetchError) -> None:
    with pytest.raises(type(error)), breakers.attempt(site, URL):
        raise error


def broken() -> BrokenReply:
    return BrokenReply(URL, "no HTTP")


def opened(breakers: Breakers, site: str = "paper.example") -> None:
    for _ in range(SITE_FAILURES):
        fail(breakers, site, broken())


ERRORS = (broken(), TimedOut(URL, "late"), Refused(URL, 500), Unreachable(URL, "no TLS"))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_site_that_keeps_failing_is_left_alone_and_no_other_is(breakers: Breakers, error: FetchError) -> None:
    for _ in range(SITE_FAILURES - 1):
        fail(breakers, "paper.example", error)
    assert breakers.held_for("paper.example")[0] == 0

    fail(breakers, "paper.example", error)

    assert breakers.held_for("paper.example")[0] == SITE_WAIT[0]
    assert breakers.open_sites() == ["paper.example"]
    assert breakers.held_for("other.example")[0] == 0
    with pytest.raises(Held), breakers.attempt("paper.example", URL):
        pytest.fail("it was asked")


def test_a_success_or_a_404_in_between_starts_the_count_anew(breakers: Breakers) -> None:
    for _ in range(3):
        for _ in range(SITE_FAILURES - 1):
            fail(breakers, "paper.example", broken())
        fail(breakers, "paper.example", Refused(URL, 404))

    assert breakers.open_sites() == []


def test_one_request_settles_whether_a_site_is_back(breakers: Breakers, clock: Clock) -> None:
    opened(breakers)
    clock.now += SITE_WAIT[0]

    with breakers.attempt("paper.example", URL), pytest.raises(Held), breakers.attempt("paper.example", URL):
        pytest.fail("two asked at once")

    assert breakers.open_sites() == []


def test_each_time_it_is_left_alone_for_longer_and_never_for_ever(breakers: Breakers, clock: Clock) -> None:
    opened(breakers)
    waits = []
    for _ in range(10):
        waits.append(breakers.held_for("paper.example")[0])
        clock.now += waits[-1]
        fail(breakers, "paper.example", broken())

    assert waits[:3] == [SITE_WAIT[0], SITE_WAIT[0] * 2, SITE_WAIT[0] * 4]
    assert waits[-1] == SITE_WAIT[1]


def test_a_request_that_is_cancelled_lets_the_next_one_try(breakers: Breakers, clock: Clock) -> None:
    opened(breakers)
    clock.now += SITE_WAIT[0]
    with pytest.raises(KeyboardInterrupt), breakers.attempt("paper.example", URL):
        raise KeyboardInterrupt

    assert breakers.held_for("paper.example")[0] == 0


def unanswered() -> Unanswered:
    return Unanswered(URL, "no route")


def silence(breakers: Breakers, *, start: int = 0) -> None:
    for number in range(start, start + ALL_SITES - 1):
        fail(breakers, f"{number}.example", unanswered())


def test_where_no_site_answers_any_more_it_is_us(breakers: Breakers, clock: Clock) -> None:
    silence(breakers)
    assert not breakers.offline
    with pytest.raises(Offline), breakers.attempt("last.example", URL):
        raise unanswered()
    assert breakers.offline
    assert breakers.held_for("untried.example")[0] == ALL_WAIT[0]

    clock.now += ALL_WAIT[0]
    with breakers.attempt("untried.example", URL):
        pass

    assert not breakers.offline


def test_while_it_is_us_no_site_is_blamed(breakers: Breakers, clock: Clock) -> None:
    silence(breakers)
    for _ in range(2 * SITE_FAILURES):
        with pytest.raises(Offline), breakers.attempt("last.example", URL):
            raise unanswered()
        clock.now += ALL_WAIT[1]

    assert breakers.open_sites() == []


@pytest.mark.parametrize(
    "answer",
    [Refused(URL, 404), Unreachable(URL, "no TLS"), TooLarge(URL, "more than max_body"), broken()],
    ids=lambda error: type(error).__name__,
)
def test_one_answer_in_between_means_that_we_are_there(breakers: Breakers, answer: FetchError) -> None:
    for number in range(3):
        silence(breakers, start=number * ALL_SITES)
        fail(breakers, "well.example", answer)

    assert not breakers.offline


def test_sites_that_refuse_the_connection_hold_up_nobody_else(breakers: Breakers) -> None:
    for number in range(3 * ALL_SITES):
        fail(breakers, f"{number}.example", Unreachable(URL, "Connection refused"))

    assert not breakers.offline


def test_an_answer_that_is_too_large_is_one(breakers: Breakers, clock: Clock) -> None:
    opened(breakers)
    clock.now += SITE_WAIT[0]

    fail(breakers, "paper.example", TooLarge(URL, "more than max_body"))

    assert breakers.open_sites() == []


def test_servers_that_stall_hold_up_nobody_else(breakers: Breakers) -> None:
    for number in range(3 * ALL_SITES):
        fail(breakers, f"{number}.example", TimedOut(URL, "late"))

    assert not breakers.offline


def test_a_failure_of_ours_counts_against_no_site(breakers: Breakers, clock: Clock) -> None:
    for _ in range(SITE_FAILURES):
        fail(breakers, "paper.example", Offline(URL, "no name server"))
        clock.now += ALL_WAIT[1]

    assert breakers.open_sites() == []
    assert breakers.offline
