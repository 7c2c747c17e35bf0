"""A time as a document states it, with its precision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

#: Precision of a time: to the minute, to the minute in an assumed zone, or to the day.
DatePrecision = Literal["minute", "assumed_zone", "day"]

_SAME_WEEKS = timedelta(days=14)
_SAME_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class StatedTime:
    """A time in UTC with its precision; a day is its midnight, a time without a zone is read as UTC."""

    when: datetime
    precision: DatePrecision
    #: Offset of the zone it is written in, in minutes east of UTC; None without a zone or a time of day.
    offset: int | None = None

    @property
    def has_time_of_day(self) -> bool:
        """Whether the time of day is known."""
        return self.precision != "day"


def with_inferred_zone(time: StatedTime, others: Iterable[StatedTime]) -> StatedTime:
    """Return a time without a zone in the zone of another time on the page; unchanged if none fits.

    First choice is a time that shows the same wall clock, then one within two weeks, in which clocks rarely change.
    A time in UTC is ignored in the second case: systems write UTC wherever they are.
    """
    if time.precision != "assumed_zone":
        return time
    known = [(other, other.offset) for other in others if other.offset is not None]
    same = [offset for other, offset in known if abs(other.when + timedelta(minutes=offset) - time.when) < _SAME_MINUTE]
    near = [offset for other, offset in known if offset and abs(other.when - time.when) < _SAME_WEEKS]
    for offset in (*same, *near):
        return StatedTime(time.when - timedelta(minutes=offset), "minute", offset)
    return time


def when_of(time: StatedTime | None) -> datetime | None:
    """Return the time itself."""
    return time.when if time else None


def precision_of(time: StatedTime | None) -> DatePrecision | None:
    """Return the precision; None without a time."""
    return time.precision if time else None
