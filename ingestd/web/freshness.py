"""Freshness of a response (RFC 9111, 4.2): how long it need not be requested again."""

from datetime import datetime

from multidict import CIMultiDict, CIMultiDictProxy

from ingestd.times import parse_http_date

# Characters of Cache-Control headers that are read; a server may send any number.
_MAX_LENGTH = 4096


def fresh_for(headers: CIMultiDict[str] | CIMultiDictProxy[str], now: datetime) -> float | None:
    """Return the remaining freshness of a response in seconds; 0 for no-cache and no-store, None when it is not stated.

    `max-age` takes precedence over Expires (RFC 9111, 5.3); the response's Age is subtracted from it.  The result is
    not limited: the caller decides what is too long.
    """
    # Several header lines form one list (RFC 9110, 5.3).
    directives = _directives(", ".join(headers.getall("Cache-Control", ()))[:_MAX_LENGTH])
    if "no-cache" in directives or "no-store" in directives:
        return 0.0
    if "max-age" in directives:
        seconds = _seconds(directives["max-age"])
        return None if seconds is None else max(0.0, seconds - (_seconds(headers.get("Age", "")) or 0.0))
    expires = parse_http_date(headers.get("Expires"))
    if expires is None:
        return None
    since = parse_http_date(headers.get("Date")) or now
    return max(0.0, (expires - since).total_seconds())


def _directives(text: str) -> dict[str, str]:
    """Parse the directives of a Cache-Control header (RFC 9111, 5.2); the first of a repeated directive counts."""
    found: dict[str, str] = {}
    for item in text.split(","):  # none of the directives used here has a quoted value with commas
        name, _, value = item.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _seconds(text: str) -> float | None:
    text = text.strip()
    # Truncated before it is parsed: more digits mean "for ever" (RFC 9111, 1.2.2).
    return float(text[:10]) if text.isascii() and text.isdigit() else None
