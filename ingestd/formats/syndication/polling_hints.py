"""Read a feed's hints on when to poll: RSS 2.0 `ttl`, `skipHours`, `skipDays`, and the RSS module Syndication.

https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/modules/syndication/
"""

import re
from collections.abc import Mapping
from typing import Any

from ingestd.model.source import Hints

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

#: `updatePeriod` → seconds.
_PERIODS = {
    "hourly": 3600.0, "daily": 86_400.0, "weekly": 7 * 86_400.0, "monthly": 30 * 86_400.0, "yearly": 365 * 86_400.0
}  # fmt: skip

# feedparser drops both elements.  They are searched for at the start of the document, where channels put them.
_SKIP_HOURS = re.compile(rb"<skipHours\s*>(.{0,2000}?)</skipHours\s*>", re.IGNORECASE | re.DOTALL)
_SKIP_DAYS = re.compile(rb"<skipDays\s*>(.{0,2000}?)</skipDays\s*>", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(rb"<hour\s*>\s*(\d{1,2})\s*<", re.IGNORECASE)
_DAY = re.compile(rb"<day\s*>\s*([a-z]+)\s*<", re.IGNORECASE)
_HEAD = 65_536


def hints_of(head: Mapping[str, Any], body: bytes) -> Hints:
    """Return the hints of a feed; `head` is its channel as read by feedparser, `body` the document.

    Invalid values count as absent, and so do skipped hours or days that leave no time to poll.
    """
    skip_hours = {int(hour) % 24 for hour in _matches_within(_SKIP_HOURS, _HOUR, body) if int(hour) <= 24}
    names = [day.decode("ascii").lower() for day in _matches_within(_SKIP_DAYS, _DAY, body)]
    skip_days = {_DAYS.index(name) for name in names if name in _DAYS}
    period = _PERIODS.get(str(head.get("sy_updateperiod") or "").strip().lower())
    # Defaults of the module: a frequency of 1, and a period of one day.
    frequency = _positive_number(head.get("sy_updatefrequency"))
    if frequency and not period:
        period = _PERIODS["daily"]
    minutes = _positive_number(head.get("ttl"))
    return Hints(
        ttl=minutes * 60.0 if minutes else None,
        period=period / (frequency or 1.0) if period else None,
        skip_hours=tuple(sorted(skip_hours)) if len(skip_hours) < 24 else (),
        skip_days=tuple(sorted(skip_days)) if len(skip_days) < 7 else (),
    )


def _matches_within(outer: re.Pattern[bytes], inner: re.Pattern[bytes], body: bytes) -> list[bytes]:
    found = outer.search(body, 0, _HEAD) if b"<skip" in body[:_HEAD] else None
    return inner.findall(found[1]) if found else []


def _positive_number(value: object) -> float | None:
    text = str(value or "").strip()[:10]
    return float(text) if text.isascii() and text.isdigit() and int(text) > 0 else None
