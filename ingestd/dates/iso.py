"""Read the forms of nearly all documents, ISO 8601 and RFC 5322, in a fifth of the time that patterns take."""

from datetime import UTC, datetime, time

from ingestd.dates.stated_time import StatedTime
from ingestd.dates.zones import MAX_OFFSET

_MIDNIGHT = time()
_MONTHS = {name: f"{n:02}" for n, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_WEEKDAYS = frozenset("Mon Tue Wed Thu Fri Sat Sun".split())
_UTC = frozenset(("GMT", "UTC", "UT", "Z"))


def read_iso(text: str) -> StatedTime | None:
    """Read ISO 8601 to the second, extended or basic, as most documents write it; None when it is anything else."""
    extended = text[13:14] == ":" == text[16:17] and text[4] == "-" == text[7]
    if not extended and not (text[8:9] == "T" and f"{text[:8]}{text[9:15]}".isdigit()):
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:  # it may be another form: a leap second, a space before the zone
        return None
    offset = when.utcoffset()
    if offset is None:
        return StatedTime(when.replace(tzinfo=UTC), "day" if when.time() == _MIDNIGHT else "assumed_zone")
    if not offset:
        return StatedTime(when, "minute", 0)
    if offset.seconds % 60 or abs(offset) > MAX_OFFSET:
        return None
    return StatedTime(when.astimezone(UTC), "minute", offset.days * 1440 + offset.seconds // 60)


def read_mail(text: str) -> StatedTime | None:
    """Read "Wed, 24 Jun 2020 01:15:00 -0500", as most feeds write it (RFC 5322, 3.3); None when it is anything else."""
    month, zone = _MONTHS.get(text[8:11]), text[26:]
    if not month or text[:3] not in _WEEKDAYS or text[3:5] != ", " or not text.isascii():
        return None
    if not text[7:8] == text[11:12] == text[16:17] == text[25:26] == " " or text[19:20] != ":" or text[22:23] != ":":
        return None
    if zone in _UTC:
        zone = "+0000"
    elif len(zone) != 5 or zone[0] not in "+-" or not zone[1:].isdigit() or zone[3] > "5":
        return None
    return read_iso(f"{text[12:16]}-{month}-{text[5:7]}T{text[17:25]}{zone[:3]}:{zone[3:]}")
