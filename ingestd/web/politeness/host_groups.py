"""Groups of sites behind one address: those that throttle together have one budget of requests.

A provider with many sites limits its clients by their addresses, whichever sites they ask.  Which sites are affected is
seen only by their answers (`Throttle`) and by the address that these came from; `policy.host_budgets` has the rule.
"""

import math
import random
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic

from ingestd.policy.host_budgets import SHARE, SITES, WINDOW, HostBudget, first_budget, network_of

#: Seconds that a request waits for its share of a budget; else it is put off.
MAX_WAIT = 2.0

#: Seconds that a request is put off at most.
_MAX_PUT_OFF = 600.0

#: Seconds over which the requests to a network are averaged.
_AVERAGED = 10.0

# Sites and networks that were reached last, and groups.
_MAX_SITES, _MAX_NETWORKS, _MAX_GROUPS = 10_000, 10_000, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A network whose sites throttle, and the requests a second that this process has sent there."""

    network: str
    rate: float


class HostGroups:
    """Budgets of networks, of which this process has its share.  Times are those of `clock`, in seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        #: Processes that share the budgets, this one included.
        self.processes = 1
        #: Requests that were put off so far.
        self.put_off = 0
        #: Called with a site and its network when others should know it; and with a burst.
        self.on_network: Callable[[str, str], None] = lambda _site, _network: None
        self.on_burst: Callable[[Burst], None] = lambda _burst: None
        self._networks: OrderedDict[str, str] = OrderedDict()
        self._traffic: OrderedDict[str, _Traffic] = OrderedDict()
        self._groups: dict[str, _Group] = {}

    def budgets(self) -> dict[str, HostBudget]:
        """Return the budget of each network that has one, of all processes together."""
        now = self._clock()
        self._groups = {name: group for name, group in self._groups.items() if not group.budget(now).is_over}
        return {network: group.budget(now) for network, group in self._groups.items()}

    def update(self, budgets: Mapping[str, HostBudget], *, processes: int) -> None:
        """Replace the budgets by those that all processes share."""
        now, before = self._clock(), self._groups
        self.processes = max(1, processes)
        self._groups = {}
        for network, budget in list(budgets.items())[:_MAX_GROUPS]:
            group = self._groups[network] = before.get(network) or _Group(budget, now)
            group.start(budget, now)

    def place(self, site: str, network: str) -> None:
        """Note the network at which a site was last reached, here or by another process."""
        self._networks[site] = network
        self._networks.move_to_end(site)
        if len(self._networks) > _MAX_SITES:
            self._networks.popitem(last=False)

    def network_of(self, site: str) -> str | None:
        """Return the network at which a site was last reached, None if that is not known."""
        return self._networks.get(site)

    def reserve(self, site: str) -> tuple[float, bool]:
        """Return the seconds until a request to a site may begin, and whether its place is reserved until then.

        Without a place the caller does other work and asks again after these seconds.
        """
        group = self._groups.get(self._networks.get(site, ""))
        now = self._clock()
        if group is None or (budget := group.budget(now)).is_over:
            return 0.0, True
        rate = budget.rate / self.processes
        wait = max(0.0, group.next_at - now)
        if wait <= MAX_WAIT:
            group.next_at = max(now, group.next_at) + 1 / rate
            group.waiting = max(0, group.waiting - 1)
            return wait, True
        # As many as are put off come back in the time that the budget needs for them; each adds to it, and each place
        # that is given takes from it.
        self.put_off += 1
        group.waiting += 1
        seconds = max(MAX_WAIT, min(_MAX_PUT_OFF, group.waiting / rate))
        return seconds * random.uniform(0.5, 1.5), False  # noqa: S311 - not a secret

    def record(self, site: str, address: str, *, throttled: bool) -> None:
        """Count the answer to a request, from an address; `throttled` if it asks for fewer requests."""
        network, now = network_of(address), self._clock()
        known = self._networks.get(site)
        self.place(site, network)
        if known is None or (known != network and network in self._groups):
            self.on_network(site, network)
        traffic = self._traffic.get(network)
        if traffic is None:
            traffic = self._traffic[network] = _Traffic(now)
            if len(self._traffic) > _MAX_NETWORKS:
                self._traffic.popitem(last=False)
        self._traffic.move_to_end(network)
        rate = traffic.count(now)
        if throttled and traffic.is_burst(site, now):
            self._burst(Burst(network=network, rate=rate), now)

    def _burst(self, burst: Burst, now: float) -> None:
        group = self._groups.get(burst.network)
        if group is None or group.budget(now).is_over:
            if len(self._groups) >= _MAX_GROUPS:
                return
            group = self._groups[burst.network] = _Group(first_budget(burst.rate * self.processes), now)
        else:
            before = group.budget(now)
            if (after := before.after_burst()) is before:
                return
            group.start(after, now)
        self.on_burst(burst)


class _Group:
    __slots__ = ("_began", "_budget", "next_at", "waiting")

    def __init__(self, budget: HostBudget, now: float) -> None:
        self.next_at = now
        #: Requests that are put off, about.
        self.waiting = 0
        self.start(budget, now)

    def start(self, budget: HostBudget, now: float) -> None:
        self._budget, self._began = budget, now

    def budget(self, now: float) -> HostBudget:
        return replace(self._budget, age=self._budget.age + now - self._began)


class _Traffic:
    """The requests to a network, and the sites that have throttled there of late."""

    __slots__ = ("_began", "_counted_at", "_level", "_throttled")

    def __init__(self, now: float) -> None:
        self._began = self._counted_at = now
        #: Requests a second, averaged over _AVERAGED with less weight for the older ones.
        self._level = 0.0
        #: Site → when it throttled last; None while none has.
        self._throttled: dict[str, float] | None = None

    def count(self, now: float) -> float:
        """Count a request; returns the requests a second."""
        self._level = self._level * math.exp((self._counted_at - now) / _AVERAGED) + 1 / _AVERAGED
        self._counted_at = now
        # Of what was not yet counted for long, the average has only a part.
        return self._level / (1 - math.exp(-max(1.0, now - self._began) / _AVERAGED))

    def is_burst(self, site: str, now: float) -> bool:
        """Note a site that throttles; returns whether it is one of so many that the network does."""
        recent = {other: at for other, at in (self._throttled or {}).items() if now - at < WINDOW} | {site: now}
        is_burst = len(recent) >= max(SITES, SHARE * WINDOW * self._level)
        self._throttled = None if is_burst else recent
        return is_burst
