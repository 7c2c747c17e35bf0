"""Points in time: parse the formats that feeds and pages use, as aware datetimes in UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

#: Zone abbreviation in news pages and feeds → offset from UTC in hours.  Ambiguous ones (IST, CST, BST)
#: are read as English-language wires use them: Indian, US Central and British Summer Time.
ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3, "IST": 5.5, "PKT": 5, "ICT": 7, "WIB": 7, "SGT": 8, "HKT": 8,
    "AWST": 8, "JST": 9, "KST": 9, "ACST": 9.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "SAST": 2,
    "AST": -4, "ADT": -3, "NST": -3.5, "NDT": -2.5, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7,
    "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "BRT": -3, "ART": -3, "CLT": -4,
}  # fmt: skip

#: Name of a month, folded → its number, 1 to 12.
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier enero gennaio janeiro januari januára styczeń stycznia",
            "february feb februar février fevrier febrero febbraio fevereiro februari luty lutego",
            "march mar märz maerz mars marzo março maart marzec marca",
            "april apr avril abril aprile kwiecień kwietnia",
            "may mai mayo maggio maio mei maj maja",
            "june jun juni juin junio giugno junho czerwiec czerwca",
            "july jul juli juillet julio luglio julho lipiec lipca",
            "august aug août aout agosto augusti augustus sierpień sierpnia",
            "september sep sept septembre septiembre settembre setembro wrzesień września",
            "october oct oktober okt octobre octubre ottobre outubro październik października",
            "november nov novembre noviembre novembro listopad listopada",
            "december dec dezember dez décembre decembre diciembre dicembre dezembro grudzień grudnia",
        ),
        1,
    )
    for name in names.split()
}

# Forms that the standard library does not accept: a space before the offset, "z", and the names Ruby and SQL print.
_OFFSET = re.compile(r"(?<=\d)\s*(?:(z|utc|gmt)|([+-]\d{2}):?(\d{2}))$", re.IGNORECASE)


def utc(when: datetime) -> datetime:
    """Return a time in UTC; a naive time is assumed to be in UTC."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def from_timestamp(seconds: float) -> datetime:
    """Return the time of a Unix timestamp, in seconds since 1970-01-01T00:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC)


def zone_named(name: str) -> timezone | None:
    """Return the zone of an abbreviation.  None: the abbreviation is not in ZONES."""
    hours = ZONES.get(name.upper())
    return None if hours is None else timezone(timedelta(hours=hours))


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
    return utc(when).replace(tzinfo=None).isoformat(timespec="seconds") + "Z" if when else None
