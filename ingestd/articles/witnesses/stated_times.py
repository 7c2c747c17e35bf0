"""Times as pages state them, with their precision."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from ingestd import times
from ingestd.model.article import DatePrecision
from ingestd.times import MONTHS

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY_AND_YEAR = (
    rf"(?:(?P<month1>{_MONTH})\.?\s+(?P<day1>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year1>\d{{4}})"
    rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th|\.|º)?\s+(?:de\s+)?(?P<month2>{_MONTH})\.?,?\s+(?:de\s+|del\s+)?(?P<year2>\d{{4}})"
    r"|(?P<day3>\d{1,2})\.(?P<month3>\d{1,2})\.(?P<year3>\d{4})"
    r"|(?P<year4>\d{4})[-/.年](?P<month4>\d{1,2})[-/.月](?P<day4>\d{1,2})日?)"
)
_HOUR = (
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?::\d{2})?)?(?:\s*(?P<half>[ap])\.?\s?m\b\.?)?"
    r"(?:\s*Uhr)?(?:\s*\(?(?P<zone>[A-Z]{1,5}|[+-]\d{2}:?\d{2})\b\)?)?"
)
_AFTER = re.compile(
    rf"\b{_DAY_AND_YEAR}(?:[\sT,|·•–—@-]*(?:at|um|à|a las|alle|kl\.?|ore|klo)?\s*{_HOUR})?", re.IGNORECASE
)
_BEFORE = re.compile(rf"\b{_HOUR}[\s,|·•–—-]*(?:on\s+)?(?:\w{{3,9}},\s+)?{_DAY_AND_YEAR}", re.IGNORECASE)
_JAVA = re.compile(r"\w{3} (?P<day>\w{3} \d{1,2}) (?P<clock>\d\d:\d\d):\d\d (?P<zone>[A-Z]{1,5}) (?P<year>\d{4})")
_OFFSET = re.compile(r"[+-]\d{2}:?\d{2}$")
_YEAR = re.compile(r"\d{4}")
_YEARS = range(1990, 2100)
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


def read_stated_time(text: object) -> StatedTime | None:
    """Read a time from metadata: ISO 8601, RFC 5322, or as printed on pages; None when it is not a time.

    Exactly midnight without a zone is read as a day: that is how publishing systems write dates.
    """
    if not isinstance(text, str) or not 6 <= len(text.strip()) <= 80:
        return None
    when = times.parse_iso(text)
    if when is None:
        return _from_java(text) or _from_mail(text) or find_stated_time(text)
    if when.year not in _YEARS:
        return None
    if when.tzinfo is None and (times.is_date_only(text) or when.time() == datetime.min.time()):
        return StatedTime(when.replace(tzinfo=UTC), "day")
    return (
        StatedTime(times.utc(when), "minute", _written_offset(text))
        if when.tzinfo
        else StatedTime(times.utc(when), "assumed_zone")
    )


def _written_offset(text: str) -> int:
    """Return the offset at the end of a time, in minutes; 0 for "Z"."""
    match = _OFFSET.search(text.strip())
    return _minutes(match[0]) if match else 0


def _minutes(offset: str) -> int:
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return minutes if offset[0] == "+" else -minutes


def _from_java(text: str) -> StatedTime | None:
    """Read the format of Java and of `date`: "Fri Apr 28 19:20:36 CEST 2023"."""
    match = _JAVA.fullmatch(text.strip())
    zone = times.zone_named(match["zone"]) if match else None
    return (
        find_stated_time(f"{match['day']}, {match['year']} {match['clock']} {match['zone']}")
        if match and zone
        else None
    )


def _from_mail(text: str) -> StatedTime | None:
    when = times.parse_http_date(text) if ":" in text and re.match(r"\w{3},? ", text) else None
    return StatedTime(when, "minute") if when and when.year in _YEARS else None


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


def find_stated_time(line: str) -> StatedTime | None:
    """Find a printed date in a line of text, as in "Posted Jun 24, 2020 1:15 AM CDT"; None when there is none."""
    # Every form has a year, and searching for that first is ten times as fast.
    after = _AFTER.search(line) if _YEAR.search(line) else None
    if after is None:
        return None
    if after["hour"] is None:
        before = _BEFORE.search(line)
        # A bare number before a day is not a time of day.
        if before and (before["minute"] or before["half"]):
            return _from_match(before)
    return _from_match(after)


def _from_match(match: re.Match[str]) -> StatedTime | None:
    found = match.groupdict()
    year, month, day = (
        next(filter(None, (found.get(f"{part}{n}") for n in "1234"))) for part in ("year", "month", "day")
    )
    number = int(month) if month.isdigit() else MONTHS[month.lower()]
    try:
        midnight = datetime(int(year), number, int(day), tzinfo=UTC)
    except ValueError:
        return None
    if midnight.year not in _YEARS:
        return None
    clock = _clock(found)
    if clock is None:
        return StatedTime(midnight, "day")
    zone = _zone(found["zone"])
    when = (midnight + clock).replace(tzinfo=zone or UTC).astimezone(UTC)
    offset = zone.utcoffset(None) if zone else None
    return (
        StatedTime(when, "minute", int(offset.total_seconds()) // 60)
        if offset is not None
        else StatedTime(when, "assumed_zone")
    )


def _clock(found: dict[str, str | None]) -> timedelta | None:
    if found["hour"] is None or not (found["minute"] or found["half"]):
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    return timedelta(hours=hour, minutes=minute) if hour < 24 and minute < 60 else None


def _zone(name: str | None) -> timezone | None:
    if not name:
        return None
    if name == "ET":  # American papers print it in summer and winter
        return times.zone_named("EST")
    if name[0] in "+-":
        minutes = _minutes(name)
        return timezone(timedelta(minutes=minutes)) if abs(minutes) < 24 * 60 else None
    return times.zone_named(name)
