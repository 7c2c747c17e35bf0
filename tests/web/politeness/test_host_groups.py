"""Groups of sites that throttle together."""

import pytest

from ingestd.policy.host_budgets import EXPIRY, RECOVERY, SETTLE, SITES, WINDOW, HostBudget
from ingestd.web.politeness.host_groups import MAX_WAIT, Burst, HostGroups

ADDRESS, NETWORK = "192.0.2.1", "192.0.2.0/24"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def groups(clock: Clock) -> HostGroups:
    return HostGroups(clock)


def throttle(groups: HostGroups, count: int = SITES, *, first: int = 0) -> None:
    for number in range(first, first + count):
        groups.record(f"{number}.example", ADDRESS, throttled=True)


def test_sites_that_throttle_together_share_a_budget(groups: HostGroups) -> None:
    throttle(groups)

    assert list(groups.budgets()) == [NETWORK]
    assert groups.reserve("0.example") == (0.0, True)
    wait, is_reserved = groups.reserve("1.example")
    assert wait > 0
    assert is_reserved
    assert groups.reserve("elsewhere.example") == (0.0, True)


def test_one_site_that_throttles_is_no_group(groups: HostGroups) -> None:
    for _ in range(SITES * 2):
        groups.record("0.example", ADDRESS, throttled=True)

    assert not groups.budgets()


def test_sites_that_throttle_now_and_then_are_no_group(groups: HostGroups, clock: Clock) -> None:
    for number in range(SITES * 2):
        throttle(groups, 1, first=number)
        clock.now += WINDOW / (SITES - 1)

    assert not groups.budgets()


def test_a_few_of_many_requests_are_no_group(groups: HostGroups, clock: Clock) -> None:
    for number in range(5000):
        groups.record(f"{number}.example", ADDRESS, throttled=number % 1000 == 0)
        clock.now += 0.01

    assert not groups.budgets()


def test_the_first_budget_is_half_of_the_rate_that_broke(groups: HostGroups, clock: Clock) -> None:
    for number in range(200):
        groups.record(f"{number}.example", ADDRESS, throttled=False)
        clock.now += 0.05
    for number in range(100):
        groups.record(f"{number}.example", ADDRESS, throttled=True)
        if groups.budgets():
            break

    assert groups.budgets()[NETWORK].base == pytest.approx(10.0, rel=0.3)


def test_each_further_burst_halves_the_budget_once(groups: HostGroups, clock: Clock) -> None:
    bursts: list[Burst] = []
    groups.on_burst = bursts.append
    throttle(groups)
    before = groups.budgets()[NETWORK].rate
    throttle(groups, 2 * SITES)
    assert groups.budgets()[NETWORK].rate == before

    clock.now += SETTLE
    throttle(groups)

    assert groups.budgets()[NETWORK].rate == pytest.approx(before / 2 * (1 + SETTLE / RECOVERY))
    assert len(bursts) == 2


def test_a_quiet_budget_ends(groups: HostGroups, clock: Clock) -> None:
    throttle(groups)
    clock.now += EXPIRY

    assert not groups.budgets()
    assert [groups.reserve("0.example") for _ in range(100)] == [(0.0, True)] * 100


def test_processes_divide_a_budget(groups: HostGroups) -> None:
    groups.place("0.example", NETWORK)
    groups.update({NETWORK: HostBudget(base=10.0)}, processes=4)

    waits = [groups.reserve("0.example")[0] for _ in range(3)]

    assert waits == pytest.approx([0.0, 0.4, 0.8])


def test_what_a_budget_cannot_serve_comes_back_at_its_rate(groups: HostGroups, clock: Clock) -> None:
    """Five hundred sites want a request each, and the budget has one a second."""
    groups.update({NETWORK: HostBudget(base=1.0)}, processes=1)
    due = {f"{number}.example": 0.0 for number in range(500)}
    for site in due:
        groups.place(site, NETWORK)
    attempts = 0

    while due and clock.now < 3000:
        for site in [site for site, at in due.items() if at <= clock.now]:
            attempts += 1
            wait, is_reserved = groups.reserve(site)
            if is_reserved:
                assert wait <= MAX_WAIT
                del due[site]
            else:
                due[site] = clock.now + wait
        clock.now += 0.5

    assert not due
    assert 300 < clock.now < 900  # the budget grows, and is used
    assert attempts < 500 * 6


def test_others_are_told_of_the_network_of_a_site_once(groups: HostGroups) -> None:
    told: list[tuple[str, str]] = []
    groups.on_network = lambda *place: told.append(place)
    for address in (ADDRESS, ADDRESS, "198.51.100.1", "192.0.2.2"):
        groups.record("0.example", address, throttled=False)
    assert told == [("0.example", NETWORK)]

    throttle(groups)
    groups.record("1.example", "198.51.100.1", throttled=False)
    groups.record("1.example", ADDRESS, throttled=False)
    assert told[-1] == ("1.example", NETWORK)
