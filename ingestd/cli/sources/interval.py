"""The option --interval of `sources add` and `sources set`."""

from ingestd.errors import UsageError
from ingestd.settings import Settings
from ingestd.units import parse_duration, show_duration
from ingestd.urls import is_folder, is_inbox


def read_interval(text: str, url: str, settings: Settings) -> float:
    """Return the interval that the operator wrote for the source at `url`, in seconds.

    Raises UsageError if it is not a duration, if the source is never polled, or if it is below `interval_floor`, which
    no source is polled more often than.
    """
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if is_inbox(url):
        raise UsageError(f"{url} is an inbox, which is never polled; leave out --interval")
    if seconds <= 0:
        raise UsageError(f"interval {text} is not above 0; write it like 30m")
    floor = settings.interval_floor
    if seconds < floor and not is_folder(url):
        shown = show_duration(floor)
        raise UsageError(f"interval {text} is below interval_floor; use {shown} or more, or lower interval_floor")
    return seconds
