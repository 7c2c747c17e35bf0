"""How long an answer stays fresh: until then nobody needs to ask again (RFC 9111, 4.2)."""

from datetime import datetime

from multidict import CIMultiDict, CIMultiDictProxy

from ingestd.times import parse_http_date

# Characters of Cache-Control headers that are read; a server may send as many as it likes.
_MOST = 4096


def fresh_for(headers: CIMultiDict[str] | CIMultiDictProxy[str], now: datetime) -> float | None:
    """Return for how many more seconds an answer is fresh: None when it does not say, 0 when it wants us to ask anew.

    `max-age` counts over Expires (RFC 9111, 5.3), less what the answer has aged in caches.  The result is
    as long as the header says: it is the caller who knows what is too long.
    """
    # Several lines are one list (RFC 9110, 5.3).
    directives = _directives(", ".join(headers.getall("Cache-Control", ()))[:_MOST])
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
    """Return the directives of a Cache-Control header (RFC 9111, 5.2); of one that comes twice, the first."""
    found: dict[str, str] = {}
    for item in text.split(","):  # those whose quoted values hold commas are none that we look at
        name, _, value = item.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _seconds(text: str) -> float | None:
    text = text.strip()
    # Cut before it is read: what has more digits means "for ever" (RFC 9111, 1.2.2).
    return float(text[:10]) if text.isascii() and text.isdigit() else None
