"""The newsroom's log of arrivals: who asked which publisher, and when.  It judges the manners of daemons.

The log has what the servers saw, so it needs nothing that a daemon says of itself.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

#: The latest arrivals that are kept of each site.
_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request, as the server saw it; times are of its monotonic clock."""

    #: The User-Agent.
    client: str
    path: str
    began: float
    #: When the answer was ready to be sent.  The client's delay begins later, when it has read the answer.
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteManners:
    """How a site was asked."""

    #: The most requests that were under way at once.
    at_once: int
    #: The shortest time in seconds between the end of an answer and the next request; None: too few requests.
    shortest: float | None
    #: Arrivals that came too early after the one before.
    early: tuple[Arrival, ...]


class Arrivals:
    """A log of the requests to several sites; `middleware` writes down those of one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_site: dict[str, deque[Arrival]] = {}

    def middleware(self, site: str) -> Middleware:
        """Return a middleware for the server of a site."""
        log = self._by_site.setdefault(site, deque(maxlen=_KEPT))

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            began = self._clock()
            try:
                return await handler(request)
            finally:
                client = request.headers.get("User-Agent", "")
                log.append(Arrival(client=client, path=request.path, began=began, ended=self._clock()))

        return note

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites, in the order in which their servers were made."""
        return tuple(self._by_site)

    def of(self, site: str) -> tuple[Arrival, ...]:
        """Return the requests to a site that were answered, in the order in which they came."""
        return tuple(sorted(self._by_site[site], key=lambda arrival: arrival.began))

    @property
    def latest(self) -> tuple[str, Arrival] | None:
        """The site and the request that came last, of those that were answered."""
        last = [(site, log[-1]) for site, log in self._by_site.items() if log]
        return max(last, key=lambda one: one[1].began, default=None)


def judge(arrivals: Iterable[Arrival], *, delay: float) -> SiteManners:
    """Judge the requests to a site that is to be left alone for `delay` seconds after each answer."""
    ordered = sorted(arrivals, key=lambda arrival: arrival.began)
    pairs = list(pairwise(ordered))
    gaps = [after.began - before.ended for before, after in pairs]
    return SiteManners(
        at_once=_most_at_once(ordered),
        shortest=min(gaps, default=None),
        early=tuple(after for (_, after), gap in zip(pairs, gaps, strict=True) if gap < delay),
    )


def _most_at_once(arrivals: Iterable[Arrival]) -> int:
    # Of equal times the beginning counts first.
    changes = sorted((when, -step) for one in arrivals for when, step in ((one.began, 1), (one.ended, -1)))
    return max(accumulate(-step for _, step in changes), default=0)
