"""Circuit breakers: who keeps failing is left alone for a while, then asked once, and left alone for longer.

One for each site, and one for everything: where nothing answers any more, it is us.  A refused connection, an expired
certificate or a name that does not exist is an answer: it tells of the site, and that our own network works.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from ingestd.errors import BrokenReply, Held, Offline, Refused, TimedOut, TooLarge, Unanswered, Unreachable

#: Failures in a row that open a site's breaker, and different sites in a row that open the one for everything.
SITE_FAILURES, ALL_SITES = 5, 5

#: Seconds that a breaker stays open, the first time and at the most.
SITE_WAIT = (60.0, 3600.0)
ALL_WAIT = (10.0, 300.0)

#: While one request tries whether a site is back, others look again after so many seconds.
_PROBE = 2.0

#: Sites remembered at the most; the one that failed longest ago is forgotten first.
_SITES = 10_000


class Breaker:
    """Closed; open for a while, each time twice as long; then half open, for one request that settles it."""

    __slots__ = ("_clock", "_first", "_longest", "_open_until", "_probing", "_wait")

    def __init__(self, first: float, longest: float, clock: Callable[[], float]) -> None:
        self._first, self._longest, self._clock = first, longest, clock
        self._wait = 0.0
        self._open_until = 0.0
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self._wait > 0

    def wait(self) -> float:
        """Return the seconds until somebody may ask, 0 when now."""
        if not self._wait:
            return 0.0
        left = self._open_until - self._clock()
        return left if left > 0 else _PROBE if self._probing else 0.0

    def begin(self) -> None:
        """Note that somebody asks: while the breaker is half open, nobody else may."""
        self._probing = self._wait > 0

    def trip(self) -> None:
        """Open it, for twice as long as the last time."""
        self._probing = False
        if self._open_until > self._clock():
            return  # an answer to a question that was asked before it opened
        self._wait = min(self._wait * 2 or self._first, self._longest)
        self._open_until = self._clock() + self._wait

    def close(self) -> None:
        """Close it: there was an answer."""
        self._wait = self._open_until = 0.0
        self._probing = False

    def give_up(self) -> None:
        """Note that a request ended without telling anything, as when it was cancelled."""
        self._probing = False


class Breakers:
    """A breaker for each site that fails, and one for everything."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._streaks: dict[str, int] = {}
        self._sites: dict[str, Breaker] = {}
        self._all = Breaker(*ALL_WAIT, clock)
        self._silent: set[str] = set()
        self._heard_at = float("-inf")

    @property
    def offline(self) -> bool:
        """Whether nothing has answered for a while."""
        return self._all.is_open

    def heard_since(self, moment: float) -> bool:
        """Whether anybody has answered since a moment of the clock."""
        return self._heard_at >= moment

    def open_sites(self) -> list[str]:
        """Return the sites that are left alone, in alphabetical order."""
        return sorted(site for site, breaker in self._sites.items() if breaker.is_open)

    def held_for(self, site: str) -> tuple[float, str]:
        """Return for how many seconds a site is not to be asked, and why."""
        if (wait := self._all.wait()) > 0:
            return wait, "nothing answers, our own network may be down"
        breaker = self._sites.get(site)
        return (breaker.wait() if breaker else 0.0), "the site keeps failing"

    @contextmanager
    def attempt(self, site: str, url: str) -> Iterator[None]:
        """Ask a site within this context, and let what is raised tell how it went.

        Raises Held when the site, or everything, is to be left alone; Offline for an Unanswered that is ours, because
        nobody else is answered either.
        """
        wait, reason = self.held_for(site)
        if wait > 0:
            raise Held(url, reason, wait)
        self._all.begin()
        if site in self._sites:
            self._sites[site].begin()
        try:
            yield
        except Offline:
            self._give_up(site)
            self._all.trip()
            raise
        except TimedOut:
            # There was a connection, which says nothing against us: a few servers that stall hold up nobody else.
            self._failed(site)
            self._all.give_up()
            raise
        except Unanswered as error:
            if self._all_silent(site):
                self._give_up(site)
                self._all.trip()
                raise Offline(error.url, f"nobody answers: {error.reason}") from error
            self._failed(site)
            raise
        except (Unreachable, BrokenReply):
            self._failed(site)
            self._somebody_answers()
            raise
        except (Refused, TooLarge) as error:
            broken = isinstance(error, Refused) and error.status >= 500
            self._failed(site) if broken else self._heard(site)
            self._somebody_answers()
            raise
        except BaseException:
            self._give_up(site)
            raise
        self._heard(site)
        self._somebody_answers()

    def _heard(self, site: str) -> None:
        self._streaks.pop(site, None)
        self._sites.pop(site, None)

    def _failed(self, site: str) -> None:
        # The site that failed last is the last to be forgotten.
        streak = self._streaks[site] = self._streaks.pop(site, 0) + 1
        if streak >= SITE_FAILURES:
            self._sites.setdefault(site, Breaker(*SITE_WAIT, self._clock)).trip()
        while len(self._streaks) > _SITES:
            forgotten = next(iter(self._streaks))
            del self._streaks[forgotten]
            self._sites.pop(forgotten, None)

    def _all_silent(self, site: str) -> bool:
        """Note that a site gave no sign of life; whether that goes for so many that it is us."""
        self._silent.add(site)
        all_silent = self._all.is_open or len(self._silent) >= ALL_SITES
        if all_silent:
            self._silent.clear()
        return all_silent

    def _somebody_answers(self) -> None:
        self._heard_at = self._clock()
        self._silent.clear()
        self._all.close()

    def _give_up(self, site: str) -> None:
        self._all.give_up()
        if site in self._sites:
            self._sites[site].give_up()
