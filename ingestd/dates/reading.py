"""Read a date or time as it is written: a field that holds one (`read_time`), or one in a line (`find_time`)."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from ingestd.dates import grammar
from ingestd.dates.clocks import Clock, clock_at, is_time_of_day
from ingestd.dates.grammar import Context, Day
from ingestd.dates.iso import read_iso, read_mail
from ingestd.dates.stated_time import StatedTime
from ingestd.dates.zones import zone_at

#: Characters of the longest field that is read; the longest written dates have about eighty.
MAX_FIELD = 120
#: Characters of the longest line that is searched.
MAX_LINE = 400
#: Years that a document may state: those of the Gregorian calendar, which began in October 1582.
YEARS = range(1583, 10_000)

_MONTHS = {name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_WEEKDAYS = frozenset("mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday".split())

# The two forms of nearly all documents: ISO 8601 and RFC 5322.
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$)?"  # a day of XML Schema may have a zone
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?\s?(?:([Zz]|UTC|GMT)|([+-])(\d\d):?(\d\d)?)?)?"
)
_MAIL = re.compile(
    r"(?:([A-Za-z]{3,9}),? ?)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d{1,2}):(\d\d)(?::(\d{1,2}))?"
    r" ?(?:(Z|UTC|GMT|UT)|(?:GMT|UTC)?([+-])(\d{1,2}):?(\d\d)?)?"
)
_WEEK = re.compile(r"(\d{4})-W(\d\d)-(\d)")
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)?(?:[.,](\d{1,12}))?(?=$|Z|[+-]|\s)")
_SHORT_YEAR = re.compile(r"(\d\d)-(\d\d)-(\d\d)(?=T\d)")
_HOUR = re.compile(r"T(\d\d)(?=$|Z|[+-])")
_EPOCH = re.compile(r"(?P<seconds>\d{10})(?P<part>\.\d{1,9})?|(?P<millis>\d{13})")
#: JSON of ASP.NET: "/Date(1592979300000+0200)/".
_NET = re.compile(r"\\?/Date\((\d{10,13})([+-]\d{4})?\)\\?/")
#: 2001 to 2096: earlier and later numbers of ten digits are something else.
_EPOCHS = range(1_000_000_000, 4_000_000_000)

# Everything that is not plain: digits of other scripts, full-width characters, spaces, dashes, invisible marks.
_NOT_PLAIN = re.compile(r"[^\x20-\x7e]")
_SPACES = re.compile(r"\s+")
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\xad]")
_PLAIN = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | str.maketrans("‐‑‒−﹣–—،、’‘", "-------,,''")
_THAI = re.compile("[\u0e00-\u0e7f]")

#: Words before a date: "on 24 June", "le 24 juin", "wird am 24. Juni".
_BEFORE_DATE = re.compile(
    r"(?:(?:on|the|le|el|il|am|den|der|dne|dnia|em|op|ngày|วันที่|ที่|на|от|pe|à|o)\.?\s)?(?:ที่|वार)?\s?", re.IGNORECASE
)
#: What may stand between a date and a time: marks, and a word such as "at", "um", "à", "a las".
_BEFORE_CLOCK = re.compile(
    r"(?:T(?=\d)|[\s,;|·•@_.:-]*(?:\s?[-–—/]\s)?(?:(?:a las|a les|a la|alle ore|o godz|à partir de|"
    + "|".join(
        "at um à às as ás alle ore kl klo om godz o v ve u в във об на saat pukul jam lúc la ora στις την "
        "בשעה الساعة ساعت เวลา das de den il el ob saa".split()
    )
    + r")(?![^\W\d_])\.?[\s:]*)?)",
    re.IGNORECASE,
)
_AFTER_WEEKDAY = re.compile(r"[.,]?\)?[\s,]*|\)")
_WEEKDAY_BEHIND = re.compile(r"[\s,]*\(?")
_END = re.compile(r"[\s.,;)]*")
#: Where a date can begin in a line: at a word, or at a number that is no part of a longer one, a version or an address.
_START = re.compile(
    r"(?<![\w@#])(?=[^\W\d_])|(?<![\w.:/@#$€£+-])(?=\d)|(?<=[\s(|·,:-][(\[-])(?=\d)|(?<=[^\W\d_]:)(?=\d)"
)
_HAS_YEAR = re.compile(r"\d{4}(?!\d)|年|\d{1,2}[./]\d{1,2}[./]\d{2}(?!\d)|['’]\d\d|[\u0e00-\u0e7f][. ]*\d\d(?!\d)")


def read_time(value: object, language: str | None = None, *, years: range = YEARS) -> StatedTime | None:
    """Return the time that a field holds, read to its end; None when it is in no known form or not a time.

    `value` is a string in any form, or a number of seconds since 1970.  `language` (BCP 47) tells "03/05/2024" from
    "05/03/2024": without one, or in one whose countries disagree, such a date is None.  A name of a weekday is not
    compared with the date.  Exactly midnight without a zone is read as a day: that is how publishing systems write
    dates.  A time outside of `years` is None.
    """
    if not isinstance(value, str):
        if not isinstance(value, int | float) or not _EPOCHS.start <= value < _EPOCHS.stop * 1000:
            return None
        value = str(value)
    if not 6 <= len(value) <= MAX_FIELD * 2:
        return None
    text = value.strip()
    if len(text) > MAX_FIELD:
        return None
    try:
        found = read_iso(text) or read_mail(text) or _common(text)
        found = found or _read(_plain(text), _context(text, language, prose=False))
    except (ValueError, OverflowError):
        return None
    return found if found and found.when.year in years else None


def find_time(line: str, language: str | None = None, *, years: range = range(1990, 2100)) -> StatedTime | None:
    """Return the first date printed in a line, as in "Posted Jun 24, 2020 1:15 AM CDT"; None when there is none.

    What stands around it does not matter; a date in figures is read as `read_time` does.
    """
    if len(line) > MAX_LINE or not _HAS_YEAR.search(line):
        return None
    return _find(line, language, years)


@lru_cache(maxsize=1024)  # a line is looked at by several rules
def _find(line: str, language: str | None, years: range) -> StatedTime | None:
    text, context = _plain(line), _context(line, language, prose=True)
    for start in _START.finditer(text):
        try:
            found = _written_at(text, start.start(), context)
        except (ValueError, OverflowError):
            continue
        if found and found[0].when.year in years:
            return found[0]
    return None


def _context(text: str, language: str | None, *, prose: bool) -> Context:
    buddhist = (language or "").lower().startswith(("th", "lo")) or _THAI.search(text) is not None
    return Context(language, prose, buddhist)


def _plain(text: str) -> str:
    """Return a text with ASCII digits, colons, commas, dashes and single spaces, and without invisible marks."""
    if _NOT_PLAIN.search(text):
        text = _INVISIBLE.sub("", text).translate(_PLAIN)
        text = "".join(str(int(char)) if char.isdecimal() else char for char in text)
    return _SPACES.sub(" ", text)


def _common(text: str) -> StatedTime | None:
    """Read the forms of nearly all documents, without a table of names."""
    if match := _ISO.fullmatch(text):
        year, month, day, hour, minute, second, part, utc, sign, hours, minutes = match.groups()
        clock = Clock(int(hour), int(minute), int(second or 0), _micro(part), True) if hour else None
        return _stated(Day(int(year), int(month), int(day)), clock, _offset(utc, sign, hours, minutes))
    if (match := _MAIL.fullmatch(text)) and (match[3].lower() in _MONTHS):
        weekday, day, month, year, hour, minute, second, utc, sign, hours, minutes = match.groups()
        if weekday and weekday.lower() not in _WEEKDAYS:
            return None
        clock = Clock(int(hour), int(minute), int(second or 0), 0, True)
        return _stated(Day(int(year), _MONTHS[month.lower()], int(day)), clock, _offset(utc, sign, hours, minutes))
    return None


def _offset(utc: str | None, sign: str | None, hours: str | None, minutes: str | None) -> tzinfo | None:
    if utc:
        return UTC
    if not sign:
        return None
    found = zone_at(f"{sign}{hours}:{minutes or '00'}", 0, language=None, prose=False)
    if found is None:
        raise ValueError(f"offset {sign}{hours}{minutes}")
    return found[0]


def _micro(part: str | None) -> int:
    return int(part[:6].ljust(6, "0")) if part else 0


def _read(text: str, context: Context) -> StatedTime | None:
    if match := _NET.fullmatch(text):
        text = match[1]
    if match := _EPOCH.fullmatch(text):
        seconds = int(match["seconds"] or match["millis"][:10])
        return StatedTime(datetime.fromtimestamp(seconds, UTC), "minute", 0) if seconds in _EPOCHS else None
    if match := _WEEK.match(text):
        day = date.fromisocalendar(*map(int, match.groups()))
        return _with_clock(text, match.end(), Day(day.year, day.month, day.day), context)
    if match := _BASIC.match(text):
        year, month, day_, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        return _closed(text, match.end(), Day(year, month, day_), Clock(hour, minute, second, _micro(match[7]), True))
    if match := _SHORT_YEAR.match(text):  # ISO 8601:1988
        day_of = Day(grammar.century(int(match[1])), int(match[2]), int(match[3]))
        return _with_clock(text, match.end(), day_of, context)
    if (found := _written_at(text, 0, context)) and _END.fullmatch(text, found[1]):
        return found[0]
    return None


def _with_clock(text: str, at: int, day: Day, context: Context) -> StatedTime | None:
    found = _behind(text, at, day, context)
    return found[0] if found and _END.fullmatch(text, found[1]) else None


def _closed(text: str, at: int, day: Day, clock: Clock) -> StatedTime | None:
    """Return the time when a zone or nothing follows."""
    at += text[at : at + 1] == " "
    zone = zone_at(text, at, language=None, prose=False)
    return _stated(day, clock, zone[0] if zone else None) if (zone[1] if zone else at) == len(text) else None


def _written_at(text: str, at: int, context: Context) -> tuple[StatedTime, int] | None:
    """Return the time written at a position and where it ends: weekday, date, time, or time, weekday, date."""
    clock = None
    for begin in _beginnings(text, at, context):
        # "mar" is a month or a weekday: "mar 29 15:07:41 2024", "mar 29 oct 2024".
        if (found := grammar.day_at(text, begin, context)) and (behind := _behind(text, found[1], found[0], context)):
            return behind
        clock = clock_at(text, begin, context, dated=False)
        if clock and clock[0].certain:
            break
    if not clock or not clock[0].certain:
        return None
    zone = _zone_behind(text, clock[1], context)
    gap = _BEFORE_CLOCK.match(text, zone[1])
    for begin in _beginnings(text, gap.end() if gap else zone[1], context):
        if (found := grammar.day_at(text, begin, context)) and found[0].year is not None:
            stated = _stated(found[0], clock[0], zone[0])
            return (stated, found[1]) if stated else None
    return None


def _beginnings(text: str, at: int, context: Context) -> Iterator[int]:
    """Yield where a date may begin: here, or behind a weekday and words such as "the" or "le"."""
    yield at
    start = at
    for _ in range(2):  # "on Saturday, the 24th"
        before = start
        weekday = grammar.named_at(text, start, "weekday", context.language)
        if weekday and (gap := _AFTER_WEEKDAY.match(text, weekday[1])):
            start = gap.end()
            yield start
        word = _BEFORE_DATE.match(text, start)
        if word and word.end() > start:
            start = word.end()
            yield start
        if start == before:
            return


def _behind(text: str, at: int, day: Day, context: Context) -> tuple[StatedTime, int] | None:
    """Return the time of a day with the time of day, zone and year behind it, and where it ends."""
    end = at
    gap = _WEEKDAY_BEHIND.match(text, end)
    if gap and (weekday := grammar.named_at(text, gap.end(), "weekday", context.language)):
        end = weekday[1] + (text[weekday[1] : weekday[1] + 1] == ")")
    clock_of, zone = None, None
    before = _BEFORE_CLOCK.match(text, end)
    clock = clock_at(text, before.end(), context, dated=True) if before else None
    if not clock and (hour := _HOUR.match(text, end)):
        clock = Clock(int(hour[1]), 0, 0, 0, True), hour.end()
    if clock:
        clock_of = clock[0]
        zone, end = _zone_behind(text, clock[1], context)
    if day.year is None:
        return _year_behind(text, end, day, clock_of, zone, context)
    stated = _stated(day, clock_of, zone)
    return (stated, end) if stated else None


def _year_behind(
    text: str, at: int, day: Day, clock: Clock | None, zone: tzinfo | None, context: Context
) -> tuple[StatedTime, int] | None:
    year = re.compile(r"\s(\d{4})(?!\d)").match(text, at)
    if not year or not clock:
        return None
    behind, end = _zone_behind(text, year.end(), context) if zone is None else (zone, year.end())
    stated = _stated(Day(int(year[1]), day.month, day.day), clock, behind)
    return (stated, end) if stated else None


def _zone_behind(text: str, at: int, context: Context) -> tuple[tzinfo | None, int]:
    start = at + (text[at : at + 1] == " ")
    found = zone_at(text, start, language=context.language, prose=context.prose)
    return found or (None, at)


def _stated(day: Day, clock: Clock | None, zone: tzinfo | None) -> StatedTime | None:
    """Return the time in UTC.  Raises ValueError or OverflowError when there is no such day."""
    if day.year is None:
        return None
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - its zone is given below
    if clock is None:
        return StatedTime(midnight.replace(tzinfo=UTC), "day")
    if not is_time_of_day(clock):
        raise ValueError(f"not a time of day: {clock}")
    local = midnight + timedelta(
        hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond
    )
    if zone is None:
        return StatedTime(local.replace(tzinfo=UTC), "day" if local == midnight else "assumed_zone")
    there = local.replace(tzinfo=zone)
    offset = there.utcoffset() or timedelta(0)
    return StatedTime(there.astimezone(UTC), "minute", int(offset.total_seconds()) // 60)
