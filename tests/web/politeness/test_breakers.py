"""Circuit breakers: hold a failing site, then probe it with one request."""

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
from ingestd.web.politeness.breakers import MAX_SILENT_SITES, NETWORK_WAIT, SITE_FAILURES, SITE_WAIT, Breakers
from ingestd.web.politeness.shared_turns import Failures

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


def open_breaker(breakers: Breakers, site: str = "paper.example") -> None:
    for _ in range(SITE_FAILURES):
        fail(breakers, site, broken())


ERRORS = (broken(), TimedOut(URL, "late"), Refused(URL, 500), Unreachable(URL, "no TLS"))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_site_that_keeps_failing_is_held_and_no_other(breakers: Breakers, error: FetchError) -> None:
    for _ in range(SITE_FAILURES - 1):
        fail(breakers, "paper.example", error)
    assert breakers.held_for("paper.example")[0] == 0

    fail(breakers, "paper.example", error)

    assert breakers.held_for("paper.example")[0] == SITE_WAIT[0]
    assert breakers.open_sites() == ["paper.example"]
    assert breakers.held_for("other.example")[0] == 0
    with pytest.raises(Held), breakers.attempt("paper.example", URL):
        pytest.fail("the site was requested")


def test_an_answer_in_between_resets_the_count_of_failures(breakers: Breakers) -> None:
    for _ in range(3):
        for _ in range(SITE_FAILURES - 1):
            fail(breakers, "paper.example", broken())
        fail(breakers, "paper.example", Refused(URL, 404))

    assert breakers.open_sites() == []


def test_one_request_probes_whether_a_site_is_back(breakers: Breakers, clock: Clock) -> None:
    open_breaker(breakers)
    clock.now += SITE_WAIT[0]

    with breakers.attempt("paper.example", URL), pytest.raises(Held), breakers.attempt("paper.example", URL):
        pytest.fail("two requests probed at once")

    assert breakers.open_sites() == []


def test_each_failed_probe_doubles_the_hold_up_to_a_limit(breakers: Breakers, clock: Clock) -> None:
    open_breaker(breakers)
    waits = []
    for _ in range(10):
        waits.append(breakers.held_for("paper.example")[0])
        clock.now += waits[-1]
        fail(breakers, "paper.example", broken())

    assert waits[:3] == [SITE_WAIT[0], SITE_WAIT[0] * 2, SITE_WAIT[0] * 4]
    assert waits[-1] == SITE_WAIT[1]


def test_a_cancelled_probe_lets_the_next_request_probe(breakers: Breakers, clock: Clock) -> None:
    open_breaker(breakers)
    clock.now += SITE_WAIT[0]
    with pytest.raises(KeyboardInterrupt), breakers.attempt("paper.example", URL):
        raise KeyboardInterrupt

    assert breakers.held_for("paper.example")[0] == 0


def unanswered() -> Unanswered:
    return Unanswered(URL, "no route")


def silence_sites(breakers: Breakers, *, start: int = 0) -> None:
    for number in range(start, start + MAX_SILENT_SITES - 1):
        fail(breakers, f"{number}.example", unanswered())


def test_silence_of_many_sites_opens_the_network_breaker(breakers: Breakers, clock: Clock) -> None:
    silence_sites(breakers)
    assert not breakers.offline
    with pytest.raises(Offline), breakers.attempt("last.example", URL):
        raise unanswered()
    assert breakers.offline
    assert breakers.held_for("untried.example")[0] == NETWORK_WAIT[0]

    clock.now += NETWORK_WAIT[0]
    with breakers.attempt("untried.example", URL):
        pass

    assert not breakers.offline


def test_while_offline_no_site_is_blamed(breakers: Breakers, clock: Clock) -> None:
    silence_sites(breakers)
    for _ in range(2 * SITE_FAILURES):
        with pytest.raises(Offline), breakers.attempt("last.example", URL):
            raise unanswered()
        clock.now += NETWORK_WAIT[1]

    assert breakers.open_sites() == []


@pytest.mark.parametrize(
    "answer",
    [Refused(URL, 404), Unreachable(URL, "no TLS"), TooLarge(URL, "more than max_body"), broken()],
    ids=lambda error: type(error).__name__,
)
def test_one_answer_in_between_keeps_the_network_breaker_closed(breakers: Breakers, answer: FetchError) -> None:
    for number in range(3):
        silence_sites(breakers, start=number * MAX_SILENT_SITES)
        fail(breakers, "well.example", answer)

    assert not breakers.offline


def test_sites_that_refuse_the_connection_do_not_open_the_network_breaker(breakers: Breakers) -> None:
    for number in range(3 * MAX_SILENT_SITES):
        fail(breakers, f"{number}.example", Unreachable(URL, "Connection refused"))

    assert not breakers.offline


def test_an_answer_that_is_too_large_closes_the_breaker(breakers: Breakers, clock: Clock) -> None:
    open_breaker(breakers)
    clock.now += SITE_WAIT[0]

    fail(breakers, "paper.example", TooLarge(URL, "more than max_body"))

    assert breakers.open_sites() == []


def test_servers_that_stall_do_not_open_the_network_breaker(breakers: Breakers) -> None:
    for number in range(3 * MAX_SILENT_SITES):
        fail(breakers, f"{number}.example", TimedOut(URL, "late"))

    assert not breakers.offline


def test_a_local_failure_counts_against_no_site(breakers: Breakers, clock: Clock) -> None:
    for _ in range(SITE_FAILURES):
        fail(breakers, "paper.example", Offline(URL, "no name server"))
        clock.now += NETWORK_WAIT[1]

    assert breakers.open_sites() == []
    assert breakers.offline


def test_failures_are_told_and_taken_over(clock: Clock) -> None:
    told: list[tuple[str, Failures]] = []
    first, second = Breakers(clock, on_change=lambda *change: told.append(change)), Breakers(clock)
    fail(first, "paper.example", broken())
    second.adopt(*told[-1])
    for _ in range(SITE_FAILURES - 1):
        assert second.held_for("paper.example")[0] == 0
        fail(second, "paper.example", broken())

    assert second.held_for("paper.example")[0] == SITE_WAIT[0]


def test_a_breaker_is_taken_over_with_its_wait(clock: Clock) -> None:
    told: list[tuple[str, Failures]] = []
    first, second = Breakers(clock, on_change=lambda *change: told.append(change)), Breakers(clock)
    open_breaker(first)
    assert told[-1] == ("paper.example", Failures(count=SITE_FAILURES, wait=SITE_WAIT[0], left=SITE_WAIT[0]))
    second.adopt(*told[-1])
    assert second.held_for("paper.example")[0] == SITE_WAIT[0]

    clock.now += SITE_WAIT[0]
    fail(second, "paper.example", broken())  # the probe

    assert second.held_for("paper.example")[0] == 2 * SITE_WAIT[0]


def test_an_answer_is_told_once(clock: Clock) -> None:
    told: list[tuple[str, Failures]] = []
    breakers = Breakers(clock, on_change=lambda *change: told.append(change))
    fail(breakers, "paper.example", broken())
    for _ in range(2):
        with breakers.attempt("paper.example", URL):
            pass

    assert told == [("paper.example", Failures(count=1)), ("paper.example", Failures())]


def test_a_failure_of_the_local_network_is_not_told(clock: Clock) -> None:
    told: list[tuple[str, Failures]] = []
    breakers = Breakers(clock, on_change=lambda *change: told.append(change))

    fail(breakers, "paper.example", Offline(URL, "no network"))

    assert breakers.offline
    assert not told


def test_what_another_process_knows_replaces_what_was_known(clock: Clock) -> None:
    breakers = Breakers(clock)
    open_breaker(breakers)

    breakers.adopt("paper.example", Failures())

    assert breakers.held_for("paper.example")[0] == 0
    assert breakers.open_sites() == []
