"""The delays between two requests that the origins of sites ask for, of the most recently used sites."""

from collections import OrderedDict
from collections.abc import Hashable

# A stranger can invent any number of hosts.
_MAX_SITES, _MAX_ORIGINS = 10_000, 16

#: Origin under which the delay counts that another process has read.
_ELSEWHERE = "elsewhere"


class AskedDelays:
    """The longest delay among a site's origins applies to the whole site; those up to `default` seconds are dropped."""

    def __init__(self, default: float) -> None:
        self._default = default
        #: Site → origin → the delay it asks for, in seconds.
        self._delays: OrderedDict[str, dict[Hashable, float]] = OrderedDict()

    def longest(self, site: str) -> float:
        """Return the longest delay that an origin of a site asks for in seconds, 0 if none asks for more than usual."""
        return max(self._delays[site].values()) if site in self._delays else 0.0

    def set(self, site: str, origin: Hashable, delay: float) -> bool:
        """Set the delay that an origin asks for; returns whether the longest one of the site changed."""
        before = self.longest(site)
        origins = self._delays.pop(site, {})
        # What this process reads itself is newer: otherwise a delay that was once long would stay so everywhere.
        origins.pop(_ELSEWHERE, None)
        origins.pop(origin, None)
        if delay > self._default:
            origins[origin] = delay
            if len(origins) > _MAX_ORIGINS:
                del origins[min(origins, key=origins.__getitem__)]
        if origins:
            self._delays[site] = origins
            if len(self._delays) > _MAX_SITES:
                self._delays.popitem(last=False)
        return self.longest(site) != before

    def set_elsewhere(self, site: str, delay: float) -> None:
        """Set the longest delay of a site that other processes have read."""
        if delay > self.longest(site):
            self.set(site, _ELSEWHERE, delay)
