"""Budgets of sites behind one address."""

import pytest

from ingestd.policy.host_budgets import EXPIRY, LEAST, RECOVERY, SETTLE, HostBudget, first_budget, network_of


def test_a_burst_halves_a_budget_and_quiet_restores_it() -> None:
    first = first_budget(20.0)
    assert first.rate == 10.0
    grown = HostBudget(base=first.base, age=RECOVERY)
    assert grown.rate == 20.0
    assert grown.after_burst().rate == 10.0
    assert HostBudget(base=10.0, age=EXPIRY).is_over


def test_answers_to_requests_from_before_a_burst_are_no_other_burst() -> None:
    budget = HostBudget(base=10.0, age=SETTLE - 1)

    assert budget.after_burst() is budget


def test_a_budget_never_comes_to_a_standstill() -> None:
    assert first_budget(0.0).rate == LEAST


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
    ],
)
def test_neighbouring_addresses_have_one_budget(address: str, network: str) -> None:
    assert network_of(address) == network
