"""Limits on the requests of each caller: how many a second, and how many at once."""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ingestd.daemon.http.v1.problems import Problem

#: Callers that are remembered; those that asked longest ago are forgotten first.
_MOST_CALLERS = 10_000

#: Seconds after which a caller with too many requests at once may try again.
_RETRY_AFTER = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What each caller may do."""

    #: Requests a second, in the long run.
    rate: float = 100.0
    #: Requests that may come faster than that, after a pause.
    burst: int = 500
    #: Requests at once, without those that wait for events.
    concurrency: int = 50


@dataclass(slots=True)
class _Bucket:
    """A token bucket: it fills at the rate and holds the burst; a request takes one."""

    level: float
    at: float


class Limits:
    """Counts the requests of callers; `now` is monotonic."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._at_work: Counter[str] = Counter()

    def take(self, caller: str, now: float) -> None:
        """Count a request; raises Problem when the caller has had too many."""
        rate, burst = self._allowance.rate, self._allowance.burst
        bucket = self._buckets.pop(caller, None) or _Bucket(burst, now)
        self._buckets[caller] = bucket
        if len(self._buckets) > _MOST_CALLERS:
            self._buckets.popitem(last=False)
        bucket.level = min(burst, bucket.level + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.level < 1:
            reason = f"more than {rate:g} requests a second (api_rate) and {burst} at once (api_burst)"
            raise Problem(429, reason, retry_after=(1 - bucket.level) / rate)
        bucket.level -= 1

    @contextmanager
    def at_work(self, caller: str) -> Iterator[None]:
        """Count a request while it is worked on; raises Problem when too many of the caller are."""
        most = self._allowance.concurrency
        if self._at_work[caller] >= most:
            raise Problem(429, f"{most} requests are being answered (api_concurrency)", retry_after=_RETRY_AFTER)
        self._at_work[caller] += 1
        try:
            yield
        finally:
            self._at_work[caller] -= 1
            if not self._at_work[caller]:
                del self._at_work[caller]
