"""The interval that an operator sets for a source."""

from ingestd.errors import UsageError
from ingestd.units import parse_duration, show_duration
from ingestd.urls import is_folder, is_inbox


def fixed_interval(text: str, url: str, *, floor: float) -> float:
    """Return the interval that the operator wrote for the source at `url`, in seconds.

    `floor` is the setting `interval_floor`, in seconds: no source is polled more often.

    Raises UsageError if it is not a duration, if the source is never polled, or if it is below the floor.
    """
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if is_inbox(url):
        raise UsageError(f"{url} is an inbox, which is never polled; leave out the interval")
    if seconds <= 0:
        raise UsageError(f"interval {text} is not above 0; write it like 30m")
    if seconds < floor and not is_folder(url):
        shown = show_duration(floor)
        raise UsageError(f"interval {text} is below interval_floor; use {shown} or more, or lower interval_floor")
    return seconds
