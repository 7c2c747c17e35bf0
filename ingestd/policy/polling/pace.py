"""How fast a source publishes, as learned from its polls, and how often it is worth a look.

The wait between two polls goes with the square root of the time between two entries.  That is where a given
number of requests, spread over all sources, brings entries in soonest: a source of `rate` entries an hour, polled
every T hours, costs 1/T requests and rate * T/2 hours of delay, and the sum of both is least where T is
proportional to 1/sqrt(rate) (Cho and Garcia-Molina, "Effective page refresh policies for web crawlers", ACM TODS
28(4), 2003, come to the same for delay).  A window that may roll over unseen brings us back sooner.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import sqrt

from ingestd.model.source import Pace

#: What was seen this long ago counts half (hours): a week's rhythm shows, last month's event does not.
HALF_LIFE = 96.0

#: A window has room for what we expect and for so many standard deviations more when we come back.
MARGIN = 6.5

#: What a window is taken for that is shorter: most often it is not full, and nothing rolls over.
SHORTEST_WINDOW = 10

#: Of dates in a first document, those count that are not older than this, nor in the future; and they count for
#: no more than so many hours of watching, because dates say what they like.
_BELIEVED, _AT_MOST = timedelta(days=30), 24.0

# Entries an hour: nobody is slower than one in a year.
_SLOWEST = 1 / 8760


def first_pace(published: Iterable[datetime | None], now: datetime) -> Pace:
    """Return what the dates in a source's first document say of its pace; an entry an hour where they say nothing."""
    dates = sorted(date for date in published if date and now - _BELIEVED < date <= now)
    if len(dates) < 2 or dates[0] == dates[-1]:
        return Pace()
    hours = max((now - dates[0]).total_seconds() / 3600, 0.1)
    part = min(1.0, _AT_MOST / hours)
    arrivals = (len(dates) - 1) * part
    return Pace(arrivals=arrivals, hours=hours * part, squares=arrivals)


def learned(pace: Pace, *, new: int, elapsed: float) -> Pace:
    """Return a pace after a poll that found `new` entries, `elapsed` seconds after the one before."""
    hours = max(elapsed, 0.0) / 3600
    faded = 0.5 ** (hours / HALF_LIFE)
    return Pace(
        arrivals=pace.arrivals * faded + new,
        hours=pace.hours * faded + hours,
        squares=pace.squares * faded + (new - pace.rate * hours) ** 2,
    )


def wait_for(pace: Pace, *, base: float, window: int, new: int, elapsed: float, lost: bool = False) -> float:
    """Return the seconds until a source is worth the next look.

    `base` is the wait for a source of one entry an hour.  `window` is the number of entries in its document, of
    which `new` came in the `elapsed` seconds before; `lost` says that the window rolled over unseen.
    """
    wait = base / sqrt(max(pace.rate, _SLOWEST))
    rate = pace.rate / 3600
    if new and elapsed > 0:
        rate = max(rate, new / elapsed)
    if window and rate:
        wait = min(wait, _room(max(window, SHORTEST_WINDOW), pace.dispersion) / rate)
    return min(wait, elapsed / 4) if lost and elapsed > 0 else wait


def _room(window: int, dispersion: float) -> float:
    """Return the number of entries to expect, x, where x and `MARGIN` deviations, √(dispersion·x), fill the window."""
    spread = MARGIN * sqrt(dispersion)
    return ((sqrt(spread**2 + 4 * window) - spread) / 2) ** 2
