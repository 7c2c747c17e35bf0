"""Find a time of day with its zone in the prose of an embargo: "0001 GMT", "10:00 a.m. ET", "18.00 Uhr", "noon"."""

import re
from dataclasses import dataclass
from datetime import time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestd.caching import cached_if_short
from ingestd.dates.abbreviations import zone_named

#: Names of zones that include summer time.
_ZONES_WITH_SUMMER_TIME = {
    "ET": "America/New_York", "EASTERN": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver",
    "PT": "America/Los_Angeles", "PACIFIC": "America/Los_Angeles",
}  # fmt: skip

#: Words that follow the digits of a time of day.
UNIT = r"(?:uhr|hrs?|hours|heures?|h|uur|horas?)"
_ZONE = (
    r"(?:GMT|UTC)?[+-]\d{1,2}(?::?\d{2})?\b|(?-i:[A-Z]\w+/[A-Z]\w+)|(?-i:Eastern|Pacific|EASTERN|PACIFIC|[A-Z]{1,5})\b"
)
_CLOCK = re.compile(
    rf"(?<![\d.:,])(?:(?P<four>(?:[01]\d|2[0-4])[0-5]\d)|(?P<hour>\d{{1,2}})(?:\s?[:.h]\s?(?P<minute>[0-5]\d)(?::[0-5]\d)?)?)(?!\d)"
    rf"\s?(?P<half>[ap]\.?\s?m\b\.?)?\s?(?P<unit>{UNIT}\b)?(?:\s?(?P<more>[0-5]\d)\b)?[\s(,]{{0,3}}(?P<zone>{_ZONE})?",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:1?2 ?)?(?:(?P<noon>noon|midday|mittags?|midi|mediod[ií]a)"
    r"|(?P<midnight>midnight|mitternacht|minuit|medianoche|middernacht))\b[\s(,]{0,3}(?:(?P<zone>" + _ZONE + r"))?",
    re.IGNORECASE,
)
_ZONE_ANYWHERE = re.compile(r"\b(?:(?:GMT|UTC)(?:[+-]\d{1,2}(?::?\d{2})?)?|CES?T|ME?S?Z|BST|[ECMP]DT)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTime:
    """A time of day; `next_day` marks the midnight that ends the day."""

    at: time
    next_day: bool = False
    zone: tzinfo | None = None


def first_clock_time(rest: str, *, dated: bool) -> ClockTime | None:
    """Return the first time of day.

    A bare number is not a time of day.  Four digits alone are one if `dated` (the text names a day), or if they cannot
    be a year.
    """
    if named := _NAMED.search(rest):
        zone = _zone(named["zone"])
        if named["noon"]:
            return ClockTime(at=time(12), zone=zone)
        return ClockTime(at=time(0), next_day=True, zone=zone)
    for found in _CLOCK.finditer(rest):
        zone, four = _zone(found["zone"]), found["four"]
        certain = found["half"] or found["unit"] or zone
        if four and (certain or dated or not 1990 <= int(four) < 2060):
            return _clock(int(four[:2]), int(four[2:]), zone)
        if not four and (certain or found["minute"]):
            hour, minute = int(found["hour"]), int(found["minute"] or (found["unit"] and found["more"]) or 0)
            if found["half"]:
                hour = hour % 12 + 12 * (found["half"][0] in "pP")
            if hour <= 24:
                return _clock(hour, minute, zone)
    return None


def _clock(hour: int, minute: int, zone: tzinfo | None) -> ClockTime | None:
    if hour == 24:
        return ClockTime(at=time(0), next_day=True, zone=zone) if minute == 0 else None
    return ClockTime(at=time(hour, minute), zone=zone)


def find_zone(rest: str) -> tzinfo | None:
    """Return a zone anywhere in the text, not only next to a time; but only one whose name is not also a word."""
    found = _ZONE_ANYWHERE.search(rest)
    return _zone(found[0]) if found else None


@cached_if_short(256)
def _zone(name: str | None) -> tzinfo | None:
    """Return the zone with a name or offset, or None if there is no such zone."""
    if not name:
        return None
    if offset := re.fullmatch(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?", name, re.IGNORECASE):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes)) if minutes < 24 * 60 else None
    place = name if "/" in name else _ZONES_WITH_SUMMER_TIME.get(name.upper())
    return _zone_info(place) if place else zone_named(name)


@cached_if_short(256)
def _zone_info(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
