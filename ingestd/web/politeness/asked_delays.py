"""The delays between two requests that the origins of sites ask for, of the most recently used sites."""

from collections import OrderedDict

# A stranger can invent any number of hosts.
_MAX_SITES, _MAX_ORIGINS = 10_000, 16


class AskedDelays:
    """The longest delay among a site's origins applies to the whole site; those up to `default` seconds are dropped."""

    def __init__(self, default: float) -> None:
        self._default = default
        #: Site → origin → the delay it asks for, in seconds.
        self._delays: OrderedDict[str, dict[str, float]] = OrderedDict()

    def longest(self, site: str) -> float:
        """Return the longest delay that an origin of a site asks for in seconds, 0 if none asks for more than usual."""
        return max(self._delays[site].values()) if site in self._delays else 0.0

    def asking(self, site: str) -> str | None:
        """Return the origin of a site that asks for the longest delay."""
        origins = self._delays.get(site)
        return max(origins, key=origins.__getitem__) if origins else None

    def set(self, site: str, origin: str, delay: float) -> bool:
        """Set the delay that an origin asks for; returns whether the longest one of the site changed."""
        before = self.longest(site)
        origins = self._delays.pop(site, {})
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
