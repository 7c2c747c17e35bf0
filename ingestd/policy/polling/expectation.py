"""How quiet is too quiet: a source measured by its own week.

A night or a weekend without news is no silence where there never were any.  Of each hour of the week (168, UTC) it is
asked in which part of the weeks watched anything came; from that follows how likely it is that nothing came since.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

#: Weeks to learn from: with fewer than two an hour of the week says nothing, with more than eight it is history.
FEWEST_WEEKS, MOST_WEEKS = 2, 8

#: A silence less likely than this is one: of ten thousand sources looked at once a day, ten would be named in error.
UNLIKELY = 0.001

_HOUR = timedelta(hours=1)


def chance_of_silence(history: Iterable[datetime], *, watched_since: datetime, since: datetime, now: datetime) -> float:
    """Return how likely it is that nothing came from `since` until `now`, from 0 to 1.

    `history` is when entries came, up to `since`; 1 where there are fewer than `FEWEST_WEEKS` to learn from.
    Entries of one hour count as one: many sources publish in batches.
    """
    start = max(watched_since, since - timedelta(weeks=MOST_WEEKS))
    weeks = (since - start) / timedelta(weeks=1)
    if weeks < FEWEST_WEEKS:
        return 1.0
    hours = {_whole(moment) for moment in history if start <= moment <= since}
    seen = Counter(_slot(hour) for hour in hours)
    chance, hour = 1.0, _whole(since) + _HOUR
    # A silence of more than four weeks is no more telling than one of four.
    while hour + _HOUR <= now and hour < since + timedelta(weeks=4):
        # One week more than there were, without news: no hour is certain.
        chance *= 1.0 - min(seen[_slot(hour)] / (weeks + 1), 0.99)
        hour += _HOUR
    return chance


def _whole(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _slot(hour: datetime) -> int:
    return hour.weekday() * 24 + hour.hour
