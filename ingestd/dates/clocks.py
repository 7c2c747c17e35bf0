"""The forms of times of day: what the one at a position of a text says, and where it ends."""

import re
from dataclasses import dataclass

from ingestd.dates.grammar import Context, named_at

_COLON = re.compile(
    r"(?P<hour>\d{1,2})\s?:\s?(?P<minute>\d{1,2})(?:\s?:\s?(?P<second>\d{1,2})(?:[.,](?P<part>\d{1,12}))?)?(?!:?\d)"
    r"(?!\s?min)",  # a duration
    re.IGNORECASE,
)
#: In prose, the next element of the page may follow without a space: "16:0125. Oktober".
_COLON_IN_PROSE = re.compile(
    r"(?P<hour>\d{1,2})\s?:\s?(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,12}))?)?(?!\s?min)",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"(?P<hour>\d{1,2})\.(?P<minute>\d{2})(?:\.(?P<second>\d{2}))?(?![\d.])")
_LETTERED = re.compile(r"(?P<hour>\d{1,2})\s?[hH]\s?(?:(?P<minute>\d{2})(?:\s?(?:min|m|'))?)?(?![\w:])")
_UNITED = re.compile(
    r"(?P<hour>\d{1,2})\s?(?:時|时|点|點|시)(?:\s?(?:(?P<minute>\d{1,2})\s?(?:分|분)|(?P<half>半)))?(?:\s?(?P<second>\d{1,2})\s?(?:秒|초))?"
)
_BARE = re.compile(r"(?P<hour>\d{1,2})(?![\d:.,/-])")
_FOUR = re.compile(r"(?P<hour>[01]\d|2[0-4])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)?(?:[.,](?P<part>\d{1,9}))?(?!\d)")
_UNIT = re.compile(
    r"\s?(?:Uhr|hrs?|hours|heures|uur|óra|horas?|น|ч(?:асов|аса|ас)?|год|saat|klo|h)(?!\w)\.?", re.IGNORECASE
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as it is written: see `is_time_of_day`."""

    hour: int
    minute: int
    second: int
    microsecond: int
    #: Whether it is certain to be a time also where no date stands before it.
    certain: bool


def is_time_of_day(clock: Clock) -> bool:
    """Return whether a time exists: to 23:59:60, a leap second, or 24:00, the end of the day."""
    ends_day = clock.hour == 24 and clock.minute == clock.second == clock.microsecond == 0
    return ends_day or (clock.hour < 24 and clock.minute < 60 and clock.second <= 60)


def clock_at(text: str, at: int, context: Context, *, dated: bool) -> tuple[Clock, int] | None:
    """Return the time of day written at a position, and where it ends; None: there is none.

    `dated`: a date stands before it, so that "8.15" and "1507" may be times.
    """
    before = named_at(text, at, "half", context.language)
    start = before[1] + (text[before[1] : before[1] + 1] == " ") if before else at
    match = (
        _UNITED.match(text, start)
        or (_COLON_IN_PROSE if context.prose else _COLON).match(text, start)
        or _LETTERED.match(text, start)
    )
    certain = match is not None
    if not match and dated:
        match = _DOTTED.match(text, start)
    four = match is None and dated and (match := _FOUR.match(text, start)) is not None
    match = match or _BARE.match(text, start)
    if not match:
        return None
    return _finished(text, match, half=str(before[0]) if before else None, certain=certain, four=four, context=context)


def _finished(
    text: str, match: re.Match[str], *, half: str | None, certain: bool, four: bool, context: Context
) -> tuple[Clock, int] | None:
    parts, end = match.groupdict(), match.end()
    bare = not certain and not four and match.re is not _DOTTED
    if not half:
        half, end = _half_behind(text, end, context)
    unit = _UNIT.match(text, end)
    end = unit.end() if unit else end
    if (bare and not half and not unit) or (four and parts.get("part") is None and not unit and context.prose):
        return None
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    minute = 30 if parts.get("half") else minute
    if half == "am" and hour > 12:
        return None
    if half:
        hour = hour if hour > 12 else hour % 12 + (12 if half == "pm" else 0)
    micro = int((parts.get("part") or "0")[:6].ljust(6, "0"))
    clock = Clock(hour, minute, second, micro, certain or bool(half or unit))
    return (clock, end) if is_time_of_day(clock) and not (half and hour == 24) else None


def _half_behind(text: str, at: int, context: Context) -> tuple[str | None, int]:
    space = text[at : at + 1] == " "
    found = named_at(text, at + space, "half", context.language)
    # "a" and "p" are words unless they touch the figure.
    if found is None or (space and text[at + 1 : found[1]] in ("a", "p", "A", "P")):
        return None, at
    return str(found[0]), found[1]
