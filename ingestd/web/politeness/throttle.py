"""Tell refusals apart: a 4xx or 5xx about one URL, or a site that asks for fewer requests."""

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

import aiohttp

from ingestd.errors import Gone, LoginNeeded, Refused, Throttled
from ingestd.web.politeness.pacing import Pacing
from ingestd.web.replies import header, parse_retry_after
from ingestd.web.target import Target

#: This many requests to a site within this many seconds are a burst: a 403 that follows means "too many requests".
BURST, BURST_SECONDS = 20, 30.0

#: Seconds to hold a throttling site that sends no Retry-After.
DEFAULT_HOLD = 60.0

# Sites whose latest requests are remembered; the least recently requested site is dropped first.
_MAX_SITES = 10_000


class Throttle:
    """Counts the requests to each site, and holds a site whose answer asks for it."""

    def __init__(self, pacing: Pacing, clock: Callable[[], float] = monotonic) -> None:
        self._pacing = pacing
        self._clock = clock
        self._recent: OrderedDict[str, deque[float]] = OrderedDict()

    def record_request(self, site: str) -> None:
        """Count a request to a site."""
        recent = self._recent.get(site)
        if recent is None:
            recent = self._recent[site] = deque(maxlen=BURST)
        recent.append(self._clock())
        self._recent.move_to_end(site)
        if len(self._recent) > _MAX_SITES:
            self._recent.popitem(last=False)

    def refusal(self, target: Target, response: aiohttp.ClientResponse) -> Refused:
        """Return the error for a 4xx or 5xx; one that means "too many requests" also holds the whole site."""
        status = response.status
        retry_after = parse_retry_after(header(response, "Retry-After"), datetime.now(UTC))
        if status == 429 or (status == 503 and retry_after) or (status == 403 and self._follows_burst(target.site)):
            self._pacing.hold(target.site, DEFAULT_HOLD if retry_after is None else retry_after)
            return Throttled(target.display_url, status, retry_after)
        # POST requests go to WebSub hubs, which get no login.
        if status == 401 and response.method == "GET":
            return LoginNeeded(target.display_url, status, retry_after)
        return (Gone if status == 410 else Refused)(target.display_url, status, retry_after)

    def _follows_burst(self, site: str) -> bool:
        recent = self._recent.get(site)
        return recent is not None and len(recent) == BURST and self._clock() - recent[0] < BURST_SECONDS
