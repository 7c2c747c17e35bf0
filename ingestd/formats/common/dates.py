"""Parse dates as publishers and agencies write them."""

import re
from datetime import UTC, datetime, timedelta, timezone

from ingestd import times

# By their first letters: English names, and names in other languages, which agencies also use in English wires.
_MONTHS = {
    "jan": 1, "ene": 1, "gen": 1, "feb": 2, "fév": 2, "fev": 2, "mar": 3, "mär": 3, "mrz": 3, "mrt": 3, "maa": 3,
    "apr": 4, "avr": 4, "abr": 4, "may": 5, "mai": 5, "mei": 5, "maj": 5, "mag": 5, "jun": 6, "juin": 6, "giu": 6,
    "jul": 7, "juil": 7, "lug": 7, "aug": 8, "aoû": 8, "aou": 8, "ago": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10,
    "ott": 10, "out": 10, "nov": 11, "dec": 12, "dez": 12, "déc": 12, "dic": 12, "des": 12,
}  # fmt: skip

# The longest written dates have about forty characters.
_MAX_TEXT = 100

# "Thu,28 Jul 2022 4:35:5 GMT+9", "28-Jul-2022 16:35 CEST", "July 28, 2022 4:35 PM EDT".
_DATE_WITH_MONTH_NAME = re.compile(
    r"(?:[a-z]+\s*[.,]?\s*)??"
    r"(?:(?P<day>\d{1,2})(?:\.\s*|[\s-]+)(?P<month>[^\W\d_]{3,10})|(?P<us_month>[^\W\d_]{3,10})\.?\s+(?P<us_day>\d{1,2})\s*,?)"
    r"[.,]?[\s-]+(?P<year>\d{4})"
    r"(?:,?\s+(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:\.\d+)?)?\s*(?P<half>[ap]\.?m\.?)?)?"
    r"\s*(?P<zone>[a-z]{1,5}|(?:gmt|utc)?\s*[+-]\d{1,2}:?(?:\d{2})?)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:gmt|utc)?\s*([+-])(\d{1,2}):?(\d{2})?", re.IGNORECASE)


def read_date(text: str | None) -> datetime | None:
    """Return a date or time in UTC; None when the text is in no known form or names an unknown zone.

    A date alone is midnight; a time without a zone is taken as UTC, which is what RFC 5322 calls "-0000".
    """
    if not text or len(text) > _MAX_TEXT:
        return None
    when = times.parse_iso(text) or _read_with_month_name(text)
    return times.utc(when) if when else None


def month_number(name: str) -> int | None:
    """Return the number of a month (1 to 12) by its name or abbreviation; None when unknown."""
    folded = name.lower()
    return _MONTHS.get(folded[:4]) or _MONTHS.get(folded[:3])


def _read_with_month_name(text: str) -> datetime | None:
    match = _DATE_WITH_MONTH_NAME.fullmatch(text.strip())
    zone = _zone(match["zone"]) if match else None
    if not match or not zone:
        return None
    month = month_number(match["month"] or match["us_month"])
    if not month:
        return None
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"][0] in "pP")
    day = int(match["day"] or match["us_day"])
    try:
        return datetime(int(match["year"]), month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone | None:
    if not text:
        return UTC
    if match := _OFFSET.fullmatch(text):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-offset if match[1] == "-" else offset) if offset < timedelta(days=1) else None
    return times.zone_named(text)
