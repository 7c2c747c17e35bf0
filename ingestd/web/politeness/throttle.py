"""What a refusal means: that there is nothing here, or that we ask too much."""

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

import aiohttp

from ingestd.errors import Gone, LoginNeeded, Refused, Throttled
from ingestd.web.politeness.pacing import Pacing
from ingestd.web.replies import header, parse_retry_after
from ingestd.web.target import Target

#: So many requests to a site within so many seconds are a burst: a 403 after them is an answer to it.
BURST, WITHIN = 20, 30.0

#: Seconds that a site is left alone which has had enough of us and does not say for how long.
PAUSE = 60.0

# Sites whose last requests are remembered; the one asked longest ago is forgotten first.
_SITES = 10_000


class Throttle:
    """Counts the requests to each site, and holds the site where an answer asks for it."""

    def __init__(self, pacing: Pacing, clock: Callable[[], float] = monotonic) -> None:
        self._pacing = pacing
        self._clock = clock
        self._recent: OrderedDict[str, deque[float]] = OrderedDict()

    def asked(self, site: str) -> None:
        """Note a request."""
        self._recent.setdefault(site, deque(maxlen=BURST)).append(self._clock())
        self._recent.move_to_end(site)
        if len(self._recent) > _SITES:
            self._recent.popitem(last=False)

    def refusal(self, target: Target, response: aiohttp.ClientResponse) -> Refused:
        """Return a 4xx or 5xx as an error; one that asks for patience holds the whole site."""
        status = response.status
        retry_after = parse_retry_after(header(response, "Retry-After"), datetime.now(UTC))
        if status == 429 or (status == 503 and retry_after) or (status == 403 and self._after_a_burst(target.site)):
            self._pacing.hold(target.site, PAUSE if retry_after is None else retry_after)
            return Throttled(target.shown, status, retry_after)
        # What is posted goes to hubs, where nobody logs in.
        if status == 401 and response.method == "GET":
            return LoginNeeded(target.shown, status, retry_after)
        return (Gone if status == 410 else Refused)(target.shown, status, retry_after)

    def _after_a_burst(self, site: str) -> bool:
        recent = self._recent.get(site)
        return recent is not None and len(recent) == BURST and self._clock() - recent[0] < WITHIN
