"""Decide whether a source is quiet: it published less than expected for these hours of the week.

A night or a weekend without entries is normal for a source that never publishes then.  For each hour of the week (168,
UTC) the share of the observed weeks with entries in it gives the probability of an entry; together they give the
probability that nothing was published since the last entry.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

#: Weeks of history: fewer than two prove nothing about an hour of the week, more than eight are out of date.
MIN_WEEKS, MAX_WEEKS = 2, 8

#: A source is quiet when its silence was less probable than this: of ten thousand sources checked once a day, ten
#: would be reported in error.
QUIET_BELOW = 0.001

_HOUR = timedelta(hours=1)


def probability_of_silence(
    history: Iterable[datetime], *, watched_since: datetime, since: datetime, now: datetime
) -> float:
    """Return the probability (0 to 1) that nothing is published from `since` until `now`.

    `history` are the times of the entries up to `since`.  Returns 1 with less than `MIN_WEEKS` of history.
    Entries of one hour count as one: many sources publish in batches.
    """
    start = max(watched_since, since - timedelta(weeks=MAX_WEEKS))
    weeks = (since - start) / timedelta(weeks=1)
    if weeks < MIN_WEEKS:
        return 1.0
    hours = {_start_of_hour(time) for time in history if start <= time <= since}
    weeks_with_entries = Counter(_hour_of_week(hour) for hour in hours)
    probability, hour = 1.0, _start_of_hour(since) + _HOUR
    # Beyond four weeks a longer silence proves nothing more.
    while hour + _HOUR <= now and hour < since + timedelta(weeks=4):
        # One week without entries is added, so that no hour is certain.
        probability *= 1.0 - min(weeks_with_entries[_hour_of_week(hour)] / (weeks + 1), 0.99)
        hour += _HOUR
    return probability


def _start_of_hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)


def _hour_of_week(hour: datetime) -> int:
    return hour.weekday() * 24 + hour.hour
