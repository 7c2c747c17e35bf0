"""Circuit breakers: hold a site that keeps failing, probe it with one request, then close or hold for longer.

Each site has a breaker, and another one stands for the local network: it opens when no site answers any more.  A
refused connection, an expired certificate or an unknown name counts as an answer: the site fails, the network works.
"""

from collections.abc import Callable
from time import monotonic
from types import TracebackType

from ingestd.errors import BrokenReply, Held, Offline, Refused, TimedOut, TooLarge, Unanswered, Unreachable
from ingestd.web.politeness.shared_turns import Failures

#: Consecutive failures that open a site's breaker.
SITE_FAILURES = 5

#: Different sites that fail to answer, one after the other, that open the breaker of the local network.
MAX_SILENT_SITES = 5

#: Seconds that a breaker stays open: the first time, and at most.
SITE_WAIT = (60.0, 3600.0)
NETWORK_WAIT = (10.0, 300.0)

#: Seconds after which other requests try again while one request probes a half-open breaker.
_PROBE_WAIT = 2.0

#: Failing sites remembered; the site whose last failure is oldest is dropped first.
_MAX_SITES = 10_000


class Breaker:
    """One circuit breaker: closed; open, each time for twice as long; then half open, for one request to probe."""

    __slots__ = ("_clock", "_first", "_longest", "_open_until", "_probing", "_wait")

    def __init__(self, first: float, longest: float, clock: Callable[[], float]) -> None:
        self._first, self._longest, self._clock = first, longest, clock
        #: Seconds it was last open for; 0 while closed.
        self._wait = 0.0
        self._open_until = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether it is open or half open."""
        return self._wait > 0

    @property
    def wait(self) -> float:
        """The seconds for which it opened last, 0 while it is closed."""
        return self._wait

    def reopen(self, wait: float, left: float) -> None:
        """Take over the state of another process's breaker, open for `left` more of `wait` seconds."""
        self._wait, self._open_until = wait, self._clock() + left

    def held_for(self) -> float:
        """Return the seconds until the next request is allowed, 0 when it is allowed now."""
        if not self._wait:
            return 0.0
        left = self._open_until - self._clock()
        return left if left > 0 else _PROBE_WAIT if self._probing else 0.0

    def begin(self) -> None:
        """Record the start of a request; if the breaker is half open, it is the probe and no other may start."""
        self._probing = self._wait > 0

    def trip(self) -> None:
        """Open the breaker, for twice as long as the last time."""
        self._probing = False
        if self._open_until > self._clock():
            return  # the request started before the breaker opened
        self._wait = min(self._wait * 2 or self._first, self._longest)
        self._open_until = self._clock() + self._wait

    def close(self) -> None:
        """Close the breaker after an answer."""
        self._wait = self._open_until = 0.0
        self._probing = False

    def end_probe(self) -> None:
        """Record that a request ended without a result, as when it was cancelled; the next one may probe."""
        self._probing = False


class Breakers:
    """A breaker for each failing site, and one for the local network."""

    def __init__(
        self, clock: Callable[[], float] = monotonic, *, on_change: Callable[[str, Failures], None] | None = None
    ) -> None:
        """`on_change` is called with a site and its failures when a request there has changed them."""
        self._clock = clock
        self._on_change = on_change or (lambda _site, _failures: None)
        #: Site → its consecutive failures, the latest failure last.
        self._failures: dict[str, int] = {}
        self._sites: dict[str, Breaker] = {}
        self._network = Breaker(*NETWORK_WAIT, clock)
        self._silent_sites: set[str] = set()
        self._last_answer = float("-inf")

    @property
    def offline(self) -> bool:
        """Whether the breaker of the local network is open: no site answers."""
        return self._network.is_open

    def answered_since(self, moment: float) -> bool:
        """Return whether any site has answered since a moment of the clock."""
        return self._last_answer >= moment

    def open_sites(self) -> list[str]:
        """Return the sites whose breaker is open, in alphabetical order."""
        return sorted(site for site, breaker in self._sites.items() if breaker.is_open)

    def held_for(self, site: str) -> tuple[float, str]:
        """Return for how many seconds a site must not be requested, and why."""
        if (wait := self._network.held_for()) > 0:
            return wait, "no site answers; the local network may be down"
        breaker = self._sites.get(site)
        return (breaker.held_for() if breaker else 0.0), "the site keeps failing"

    def held_sites(self) -> set[str]:
        """Return the sites that must not be requested because they keep failing."""
        return {site for site, breaker in self._sites.items() if breaker.held_for() > 0}

    def adopt(self, site: str, failures: Failures) -> None:
        """Take over what another process knows about a site, which it has left."""
        self._forget(site)
        if failures.count:
            self._failures[site] = failures.count
            self._drop_oldest()
        if failures.wait:
            breaker = self._sites[site] = Breaker(*SITE_WAIT, self._clock)
            breaker.reopen(failures.wait, failures.left)

    def attempt(self, site: str, url: str) -> "Attempt":
        """Return a context for one request to a site; the exception it raises, or none, is its result.

        Entering raises Held when a breaker is open.  Leaving raises Offline in place of Unanswered when no other site
        answers either.
        """
        return Attempt(self, site, url)

    def begin(self, site: str, url: str) -> None:
        """Record the start of a request to a site; raises Held when a breaker is open."""
        wait, reason = self.held_for(site)
        if wait > 0:
            raise Held(url, reason, wait)
        self._network.begin()
        if site in self._sites:
            self._sites[site].begin()

    def end(self, site: str, error: BaseException | None) -> None:
        """Record the result of a request to a site; raises Offline in place of Unanswered when no site answers."""
        match error:
            case None:
                self._record_success(site)
                self._record_answer()
            case Offline():
                self._end_probes(site)
                self._network.trip()
            case TimedOut():
                # There was a connection, so the local network is not to blame: stalled servers must not hold others.
                self._record_failure(site)
                self._network.end_probe()
            case Unanswered():
                if self._all_silent(site):
                    self._end_probes(site)
                    self._network.trip()
                    raise Offline(error.url, f"no site answers: {error.reason}") from error
                self._record_failure(site)
            case Unreachable() | BrokenReply():
                self._record_failure(site)
                self._record_answer()
            case Refused() | TooLarge():
                broken = isinstance(error, Refused) and error.status >= 500
                self._record_failure(site) if broken else self._record_success(site)
                self._record_answer()
            case _:
                self._end_probes(site)

    def _record_success(self, site: str) -> None:
        if site in self._failures:
            self._forget(site)
            self._on_change(site, Failures())

    def _forget(self, site: str) -> None:
        self._failures.pop(site, None)
        self._sites.pop(site, None)

    def _record_failure(self, site: str) -> None:
        # Popped and inserted again: the dictionary is ordered by the latest failure.
        failures = self._failures[site] = self._failures.pop(site, 0) + 1
        if failures >= SITE_FAILURES:
            self._sites.setdefault(site, Breaker(*SITE_WAIT, self._clock)).trip()
        breaker = self._sites.get(site)
        wait, left = (breaker.wait, breaker.held_for()) if breaker else (0.0, 0.0)
        self._on_change(site, Failures(count=failures, wait=wait, left=left))
        self._drop_oldest()

    def _drop_oldest(self) -> None:
        while len(self._failures) > _MAX_SITES:
            oldest = next(iter(self._failures))
            del self._failures[oldest]
            self._sites.pop(oldest, None)

    def _all_silent(self, site: str) -> bool:
        """Record a site without an answer; return whether so many are silent that the local network must be down."""
        self._silent_sites.add(site)
        all_silent = self._network.is_open or len(self._silent_sites) >= MAX_SILENT_SITES
        if all_silent:
            self._silent_sites.clear()
        return all_silent

    def _record_answer(self) -> None:
        self._last_answer = self._clock()
        self._silent_sites.clear()
        self._network.close()

    def _end_probes(self, site: str) -> None:
        self._network.end_probe()
        if site in self._sites:
            self._sites[site].end_probe()


class Attempt:
    """One request to a site, a context manager; see `Breakers.attempt`."""

    __slots__ = ("_breakers", "_site", "_url")

    def __init__(self, breakers: Breakers, site: str, url: str) -> None:
        self._breakers, self._site, self._url = breakers, site, url

    def __enter__(self) -> None:
        self._breakers.begin(self._site, self._url)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._breakers.end(self._site, error)
