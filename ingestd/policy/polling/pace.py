"""Learn how fast a source publishes from its polls, and choose how often to poll it.

The wait between two polls is proportional to the square root of the time between two entries.  This minimises the
delay of entries for a given number of requests over all sources: a source of `rate` entries an hour, polled every T
hours, costs 1/T requests and rate * T/2 hours of delay, and the sum is least when T is proportional to 1/sqrt(rate)
(Cho and Garcia-Molina, "Effective page refresh policies for web crawlers", ACM TODS 28(4), 2003, find the same for
delay).  The wait is shorter when the window could otherwise drop entries unseen.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import sqrt

from ingestd.model.source import Pace

#: The age (hours) at which an observation counts half: short enough to follow the rhythm of a week and to forget an
#: event of last month.
HALF_LIFE = 96.0

#: The window must hold the expected number of entries plus this many standard deviations at the next poll.
MARGIN = 6.5

#: A shorter window is treated as one of this many entries: usually it is not full and drops nothing.
SHORTEST_WINDOW = 10

#: Dates in a first document are used if they are no older than this and not in the future.  Together they weigh no more
#: than this many hours of observation, because dates are unreliable.
_MAX_DATE_AGE, _MAX_HOURS = timedelta(days=30), 24.0

# Entries an hour: one a year.
_MIN_RATE = 1 / 8760


def first_pace(published: Iterable[datetime | None], now: datetime) -> Pace:
    """Return the pace by the dates in a source's first document; one entry an hour without at least two dates."""
    dates = sorted(date for date in published if date and now - _MAX_DATE_AGE < date <= now)
    if len(dates) < 2 or dates[0] == dates[-1]:
        return Pace()
    hours = max((now - dates[0]).total_seconds() / 3600, 0.1)
    share = min(1.0, _MAX_HOURS / hours)
    arrivals = (len(dates) - 1) * share
    return Pace(arrivals=arrivals, hours=hours * share, squares=arrivals)


def pace_after(pace: Pace, *, new: int, elapsed: float) -> Pace:
    """Return the pace after a poll that found `new` entries, `elapsed` seconds after the previous poll."""
    hours = max(elapsed, 0.0) / 3600
    decay = 0.5 ** (hours / HALF_LIFE)
    return Pace(
        arrivals=pace.arrivals * decay + new,
        hours=pace.hours * decay + hours,
        squares=pace.squares * decay + (new - pace.rate * hours) ** 2,
    )


def poll_wait(pace: Pace, *, base: float, window: int, new: int, elapsed: float, lost: bool = False) -> float:
    """Return the seconds until the next poll of a source.

    `base` is the wait for a source of one entry an hour.  `window` is the number of entries in its document, `new` of
    them from the last `elapsed` seconds; `lost`: entries may have been dropped unseen since the last poll.
    """
    wait = base / sqrt(max(pace.rate, _MIN_RATE))
    rate = pace.rate / 3600
    if new and elapsed > 0:
        rate = max(rate, new / elapsed)
    if window and rate:
        wait = min(wait, _safe_count(max(window, SHORTEST_WINDOW), pace.dispersion) / rate)
    return min(wait, elapsed / 4) if lost and elapsed > 0 else wait


def _safe_count(window: int, dispersion: float) -> float:
    """Return the expected number of entries x for which x + `MARGIN`·√(dispersion·x) fills the window."""
    spread = MARGIN * sqrt(dispersion)
    return ((sqrt(spread**2 + 4 * window) - spread) / 2) ** 2
