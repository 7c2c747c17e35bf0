"""Read the form of nearly all documents, ISO 8601 to the second, in a fifth of the time of the patterns."""

from datetime import UTC, datetime, time

from ingestd.dates.stated_time import StatedTime
from ingestd.dates.zones import MAX_OFFSET

_MIDNIGHT = time()


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
