"""Time zones as they are written behind a time: offsets, abbreviations, names of the IANA database."""

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingestd.dates.abbreviations import zone_named

#: Names of zones with summer time.  Papers print them all the year; "EST" is standard time also in summer.
_PLACES = {
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles",
    "EASTERN": "America/New_York", "CENTRAL": "America/Chicago", "MOUNTAIN": "America/Denver",
    "PACIFIC": "America/Los_Angeles", "ALASKA": "America/Anchorage", "HAWAII": "Pacific/Honolulu",
}  # fmt: skip
#: Names that are written out → abbreviation.
_LONG = {
    "greenwich mean time": "GMT", "coordinated universal time": "UTC", "british summer time": "BST",
    "central european time": "CET", "central european standard time": "CET", "central european summer time": "CEST",
    "eastern european time": "EET", "eastern european summer time": "EEST", "western european summer time": "WEST",
    "india standard time": "IST", "indian standard time": "IST", "japan standard time": "JST",
    "korea standard time": "KST", "korean standard time": "KST", "moscow standard time": "MSK", "moscow time": "MSK",
    "hong kong time": "HKT", "singapore time": "SGT", "singapore standard time": "SGT",
    "eastern standard time": "EST", "eastern daylight time": "EDT", "central standard time": "CST",
    "central daylight time": "CDT", "mountain standard time": "MST", "mountain daylight time": "MDT",
    "pacific standard time": "PST", "pacific daylight time": "PDT", "atlantic standard time": "AST",
    "atlantic daylight time": "ADT", "alaska standard time": "AKST", "alaska daylight time": "AKDT",
    "eastern time": "ET", "central time": "CT", "mountain time": "MT", "pacific time": "PT",
}  # fmt: skip

_OFFSET = re.compile(
    r"(?P<prefix>(?:GMT|UTC|UT|Z)\s?)?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?![\d:])", re.IGNORECASE
)
_IANA = re.compile(
    r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)"
    r"/[A-Za-z_+-]+(?:/[A-Za-z_-]+)?\d{0,2}",
)
#: Java repeats the zone behind its offset.
_BRACKETED = re.compile(rf"\[(?:{_IANA.pattern}|UTC|GMT|Z)\]")
_LONG_NAME = re.compile("|".join(sorted(_LONG, key=len, reverse=True)), re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{1,10}")
#: A comment behind an offset (RFC 5322, 3.2.2), as in "GMT+0200 (Central European Summer Time)".
_COMMENT = re.compile(r"\s?\([^\W\d_][^()\d]{0,60}\)")
#: Go repeats the zone behind its offset, and may add the monotonic clock.
_GO = re.compile(r" (?:[A-Z]{2,5}|[+-]\d{2,4})(?!\w)(?: m=[+-]\d+\.\d+)?")
_BRACKETS = {"(": ")", "[": "]", "": ""}
#: No zone is further from UTC (java.time.ZoneOffset has the same limit).
MAX_OFFSET = timedelta(hours=18)


@lru_cache(maxsize=256)
def zone_info(name: str) -> ZoneInfo | None:
    """Return the zone with a name of the IANA database, such as "Europe/Berlin".  None: there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def place_named(name: str) -> ZoneInfo | None:
    """Return the zone that Americans call "ET" or "Pacific", with its summer time.  None: it is unknown."""
    place = _PLACES.get(name.upper())
    return zone_info(place) if place else None


def zone_at(text: str, at: int, *, language: str | None, prose: bool) -> tuple[tzinfo, int] | None:
    """Return the zone written at a position, and where it ends; it may stand in brackets.  None: there is none.

    In `prose`, abbreviations must be in capitals and offsets must have four digits or "GMT" before them, since "ist"
    and "est" are words and "-16" may be anything.
    """
    bracket = text[at : at + 1] if text[at : at + 1] in ("(", "[") else ""
    start = at + len(bracket)
    found = _offset_at(text, start, prose=prose) or _name_at(text, start, language=language, prose=prose)
    if found is None:
        return None
    zone, end = found
    closing = _BRACKETS[bracket]
    if not text.startswith(closing, end):
        return None
    return zone, _end_of_remarks(text, end + len(closing), offset=text[start] in "+-", prose=prose)


def _offset_at(text: str, at: int, *, prose: bool) -> tuple[tzinfo, int] | None:
    match = _OFFSET.match(text, at)
    if not match or (prose and not match["prefix"] and not match["minutes"]):
        return None
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    if offset > MAX_OFFSET or int(match["minutes"] or 0) > 59:
        return None
    return timezone(-offset if match["sign"] == "-" else offset), match.end()


def _name_at(text: str, at: int, *, language: str | None, prose: bool) -> tuple[tzinfo, int] | None:
    if match := _IANA.match(text, at):
        zone = zone_info(match[0])
        return (zone, match.end()) if zone else None
    if match := _LONG_NAME.match(text, at):
        name = _LONG[match[0].lower()]
    elif (match := _WORD.match(text, at)) and (not prose or _is_zone_in_prose(text, match)):
        name = match[0]
    else:
        return None
    found = place_named(name) or zone_named(name, language)
    return (found, match.end()) if found else None


def _is_zone_in_prose(text: str, word: re.Match[str]) -> bool:
    """Return whether a word is in capitals, or ends the line: "10:18 am ist"."""
    return word[0].isupper() or not word[0].isascii() or word.end() == len(text)


def _end_of_remarks(text: str, at: int, *, offset: bool, prose: bool) -> int:
    """Return the end of what repeats a zone: "+0200 (CEST)", "+01:00[Europe/Berlin]", "-0400 EDT", "+0300 +03"."""
    match = _COMMENT.match(text, at) or _BRACKETED.match(text, at)
    if not match and offset and not prose:
        match = _GO.match(text, at)
    return match.end() if match else at
