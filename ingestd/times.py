"""Points in time: parse and format those of protocols and databases, as aware datetimes in UTC.

Dates that publishers write are read by `ingestd.dates`.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ingestd.dates.abbreviations import zone_named

# Forms that the standard library does not accept: a space before the offset, "z", and the names Ruby and SQL print.
_OFFSET = re.compile(r"(?<=\d)\s*(?:(z|utc|gmt)|([+-]\d{2}):?(\d{2}))$", re.IGNORECASE)


def utc(when: datetime) -> datetime:
    """Return a time in UTC; a naive time is assumed to be in UTC."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def end_of_second(when: datetime) -> datetime:
    """Return the last microsecond of a whole second, any other time as it is.

    Times are printed without fractions: what was seen at a time that was copied from an output is then included.
    """
    return when if when.microsecond else when.replace(microsecond=999_999)


def from_timestamp(seconds: float) -> datetime:
    """Return the time of a Unix timestamp, in seconds since 1970-01-01T00:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC)


def parse_iso(text: str | None) -> datetime | None:
    """Parse an ISO 8601 or RFC 3339 time: in UTC, or naive if the text has no zone.  None: it is not such a time.

    A date alone is parsed as midnight without a zone: see `is_date_only`.
    """
    if not text or not text.strip():
        return None
    text = _OFFSET.sub(lambda match: "+00:00" if match[1] else f"{match[2]}:{match[3]}", text.strip())
    try:
        when = datetime.fromisoformat(text)
        return when if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_date_only(text: str) -> bool:
    """Return whether an ISO 8601 text has no time of day."""
    return "T" not in text.strip().upper() and ":" not in text


def parse_http_date(text: str | None) -> datetime | None:
    """Parse an HTTP or e-mail date (RFC 9110, 5.6.7; RFC 5322, 3.3) in UTC.  None: it is not such a date.

    An unknown zone name counts as UTC (RFC 5322, 4.3).
    """
    try:
        when = parsedate_to_datetime(text) if text else None
        if when and text and when.tzinfo is None:
            # The standard library knows only the American zone names.
            when = when.replace(tzinfo=zone_named(text.split()[-1]))
        return utc(when) if when else None
    except (ValueError, IndexError, OverflowError, TypeError):
        return None


def iso(when: datetime | None) -> str | None:
    """Format a time as "2020-06-24T06:15:00Z", without fractions of a second.  None: `when` is None."""
    # Not strftime, whose %Y has no leading zeros: "0001-01-01T00:00:00Z", the zero time of Go, occurs in feeds.
    if not when:
        return None
    return (when if when.tzinfo is UTC else utc(when)).isoformat(timespec="seconds")[:19] + "Z"
