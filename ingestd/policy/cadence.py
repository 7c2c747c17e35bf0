"""When to come back: to a source that answered, to one that failed, to an entry that failed."""

from datetime import datetime, timedelta

#: No source is left alone for longer than this, whatever failed and however often (seconds).
LONGEST = 86_400.0

#: No entry waits longer than this between two tries (seconds).
LONGEST_RETRY = 6 * 3600.0


def next_poll(
    now: datetime, *, interval: float, floor: float, failures: int, retry_after: float | None = None, jitter: float
) -> datetime:
    """Return when a source is due again.

    `interval` and `floor` are seconds; the floor wins.  After `failures` polls that failed in a row the wait is
    the interval doubled for each one after the first, a day at the most.  `retry_after` (seconds, RFC 9110, 10.2.3)
    is honoured up to a day.  `jitter` in [0, 1) makes the wait up to a tenth longer, so that sources
    which fell due together drift apart.
    """
    wait = max(floor, interval) * 2.0 ** min(max(0, failures - 1), 20)
    wait = min(max(wait, retry_after or 0.0), max(LONGEST, floor))
    return now + timedelta(seconds=wait * (1 + jitter / 10))


def next_try(now: datetime, *, attempt: int, first: float, retry_after: float | None = None, jitter: float) -> datetime:
    """Return when an entry is tried again after its `attempt`-th failure (1, 2, ...).

    The wait is `first` seconds, then four times as long each time, up to six hours; longer if the server said so.
    `jitter` in [0, 1) adds up to a tenth.
    """
    wait = min(first * 4.0 ** min(attempt - 1, 20), LONGEST_RETRY)
    wait = min(max(wait, retry_after or 0.0), LONGEST)
    return now + timedelta(seconds=wait * (1 + jitter / 10))
