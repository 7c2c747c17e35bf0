"""How long an answer stays fresh: until then nobody needs to ask again (RFC 9111, 4.2)."""

import re
from collections.abc import Mapping
from datetime import datetime

from ingestd.times import parse_http_date

_DIRECTIVE = re.compile(r'\s*([\w-]+)\s*(?:=\s*"?([^",]*)"?)?\s*(?:,|$)')


def fresh_for(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return for how many more seconds an answer is fresh; None when it does not say, or wants to be asked anew.

    `max-age` counts over Expires (RFC 9111, 5.3), less what the answer has aged in caches.  The result is
    as long as the header says: it is the caller who knows what is too long.
    """
    directives = {name.lower(): value for name, value in _DIRECTIVE.findall(headers.get("Cache-Control", ""))}
    if "no-cache" in directives or "no-store" in directives:
        return None
    if "max-age" in directives:
        seconds = _seconds(directives["max-age"])
        return None if seconds is None else max(0.0, seconds - (_seconds(headers.get("Age", "")) or 0.0))
    expires = parse_http_date(headers.get("Expires"))
    if expires is None:
        return None
    since = parse_http_date(headers.get("Date")) or now
    return max(0.0, (expires - since).total_seconds())


def _seconds(text: str) -> float | None:
    text = text.strip()
    # Cut before it is read: what has more digits means "for ever" (RFC 9111, 1.2.2).
    return float(text[:10]) if text.isascii() and text.isdigit() else None
