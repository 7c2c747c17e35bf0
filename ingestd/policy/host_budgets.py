"""How many requests a second the sites behind one address get together, once they have throttled ingestd together.

Additive increase, multiplicative decrease, as TCP avoids congestion (RFC 5681, 3.1; Chiu and Jain, 1989): each burst of
refusals halves the budget, and without one it grows by a constant rate, so that its users converge to what the address
accepts.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

#: Different sites of a network that throttle within WINDOW seconds, since fewer have each its own reason; and the least
#: share of the requests there, since of thousands of sites behind a CDN some always throttle.
SITES, WINDOW, SHARE = 3, 60.0, 0.02

#: Seconds after a burst in which the answers may be to requests from before it: there is no other burst.
SETTLE = 10.0

#: Seconds in which a budget grows by as much as was left by the last burst, so that it is where it broke.
RECOVERY = 600.0

#: Seconds after the last burst when the budget ends.
EXPIRY = 3600.0

#: Requests a second, the least and the most.
LEAST, MOST = 0.1, 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostBudget:
    """Requests a second just after the last burst, and the seconds since."""

    base: float
    age: float = 0.0

    @property
    def rate(self) -> float:
        """The requests a second now."""
        return min(MOST, self.base * (1 + self.age / RECOVERY))

    @property
    def is_over(self) -> bool:
        """Whether the budget has ended."""
        return self.age >= EXPIRY

    def after_burst(self) -> "HostBudget":
        """Return the budget after another burst; the same one if the last was just now."""
        return self if self.age < SETTLE else first_budget(self.rate)


def first_budget(rate: float) -> HostBudget:
    """Return the budget after a burst at a rate of requests a second."""
    return HostBudget(base=min(MOST, max(LEAST, rate / 2)))


def network_of(address: str) -> str:
    """Return the network of an address, the unit of budgets: its /24, or /48 of IPv6 (RFC 6177).

    A provider that serves its customers from several addresses has them side by side.
    """
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False))
