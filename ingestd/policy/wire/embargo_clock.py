"""A time of day in an embargo's prose, with its zone: "0001 GMT", "10:00 a.m. ET", "18.00 Uhr", "noon"."""

import re
from dataclasses import dataclass
from datetime import UTC, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestd.times import zone_named

#: Where a wall clock hangs that names no zone, by the language of the text: first the whole tag, then its first part.
_HOMES = {
    "de": "Europe/Berlin", "fr": "Europe/Paris", "es": "Europe/Madrid", "nl": "Europe/Amsterdam", "it": "Europe/Rome",
    "en-gb": "Europe/London", "en-us": "America/New_York", "en-ie": "Europe/Dublin", "en-au": "Australia/Sydney",
    "en-ca": "America/Toronto", "fr-ca": "America/Toronto", "es-mx": "America/Mexico_City",
    "es-us": "America/New_York", "es-ar": "America/Argentina/Buenos_Aires",
}  # fmt: skip
#: Names that mean the wall clock of a place, in summer and in winter.
_WALLS = {
    "ET": "America/New_York", "EASTERN": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver",
    "PT": "America/Los_Angeles", "PACIFIC": "America/Los_Angeles",
}  # fmt: skip

#: What stands behind the digits of a time of day.
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
class Clock:
    """A time of day; `next_day` where it is the midnight that ends a day."""

    at: time
    next_day: bool = False
    zone: tzinfo | None = None


def clock_in(rest: str, *, dated: bool) -> Clock | None:
    """Return the first time of day; a number alone is none, and four digits only beside a day."""
    if named := _NAMED.search(rest):
        zone = _zone(named["zone"])
        if named["noon"]:
            return Clock(at=time(12), zone=zone)
        return Clock(at=time(0), next_day=True, zone=zone)
    for found in _CLOCK.finditer(rest):
        zone, four = _zone(found["zone"]), found["four"]
        sure = found["half"] or found["unit"] or zone
        if four and (sure or dated or not 1990 <= int(four) < 2060):
            return _clock(int(four[:2]), int(four[2:]), zone)
        if not four and (sure or found["minute"]):
            hour, minute = int(found["hour"]), int(found["minute"] or (found["unit"] and found["more"]) or 0)
            if found["half"]:
                hour = hour % 12 + 12 * (found["half"][0] in "pP")
            if hour <= 24:
                return _clock(hour, minute, zone)
    return None


def _clock(hour: int, minute: int, zone: tzinfo | None) -> Clock | None:
    if hour == 24:
        return Clock(at=time(0), next_day=True, zone=zone) if minute == 0 else None
    return Clock(at=time(hour, minute), zone=zone)


def zone_anywhere(rest: str) -> tzinfo | None:
    """Return the zone that is written apart from its time of day, of those whose names are no words."""
    found = _ZONE_ANYWHERE.search(rest)
    return _zone(found[0]) if found else None


@lru_cache(maxsize=256)
def _zone(name: str | None) -> tzinfo | None:
    """Return the zone of a name or offset as written; None where it is none."""
    if not name:
        return None
    if offset := re.fullmatch(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?", name, re.IGNORECASE):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes)) if minutes < 24 * 60 else None
    place = name if "/" in name else _WALLS.get(name.upper())
    return _place(place) if place else zone_named(name)


def home_of(language: str) -> tzinfo:
    """Return the zone assumed of a text by its language (BCP 47, in lower case); UTC where it says nothing."""
    place = _HOMES.get(language) or _HOMES.get(language.partition("-")[0])
    return (_place(place) if place else None) or UTC


@lru_cache(maxsize=256)
def _place(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
