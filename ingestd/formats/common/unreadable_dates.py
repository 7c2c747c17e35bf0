"""Warn of dates of a document that cannot be read, and so are missing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

#: Characters of a date that is quoted.
_MAX_QUOTED = 40


def unreadable_dates(found: Iterable[tuple[Any, datetime | None]]) -> tuple[str, ...]:
    """Return a warning if any of the fields has a text that was not read as a time.

    `found` are the fields as sent, each with the time that was read.
    """
    unread = [text for text, when in found if when is None and isinstance(text, str) and text.strip()]
    if not unread:
        return ()
    return (f"dates that cannot be read: {len(unread)}, the first {unread[0].strip()[:_MAX_QUOTED]!r}",)
