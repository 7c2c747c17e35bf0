"""When to come back: to a source that answered, to one that failed, to an entry that failed."""

from datetime import datetime, timedelta

from ingestd.model import NO_HINTS, Hints

#: No source is left alone for longer than this, whatever failed, and whatever was asked for (seconds).
LONGEST = 86_400.0

#: No entry waits longer than this between two tries (seconds).
LONGEST_RETRY = 6 * 3600.0


def next_poll(
    now: datetime,
    *,
    wait: float,
    floor: float,
    failures: int = 0,
    retry_after: float | None = None,
    hints: Hints = NO_HINTS,
    jitter: float,
) -> datetime:
    """Return when a source is due again.

    `wait` is what we would choose (seconds); `floor` wins over it.  After `failures` polls that failed in a row
    it is doubled for each one after the first, a day at the most.  What the publisher says makes it longer, and
    never longer than a day: `retry_after` (seconds, RFC 9110, 10.2.3), and of the `hints` the longest.
    An hour or a day to be skipped is skipped, again by no more than a day.

    `jitter` in [0, 1) makes the wait up to a tenth longer, after failures up to a half, so that sources which fell
    due together drift apart.
    """
    wait = min(max(floor, wait) * 2.0 ** min(max(0, failures - 1), 20), max(LONGEST, floor))
    hinted = max(hints.fresh_for or 0.0, hints.ttl or 0.0, hints.period or 0.0)
    wait = max(wait, min(max(hinted, retry_after or 0.0), LONGEST))
    due = now + timedelta(seconds=wait * (1 + jitter / (2 if failures else 10)))
    return _past_skipped(due, hints)


def _past_skipped(due: datetime, hints: Hints) -> datetime:
    """Return the first moment from `due` on that no hint asks to skip, `LONGEST` later at the most."""
    latest = due + timedelta(seconds=LONGEST)
    while due < latest and (due.hour in hints.skip_hours or due.weekday() in hints.skip_days):
        # Into the next hour, at the same minute: those who skip one together do not all come back at its end.
        due += timedelta(hours=1)
    return min(due, latest)


def next_try(now: datetime, *, attempt: int, first: float, retry_after: float | None = None, jitter: float) -> datetime:
    """Return when an entry is tried again after its `attempt`-th failure (1, 2, ...).

    The wait is `first` seconds, then four times as long each time, up to six hours; longer if the server said so.
    `jitter` in [0, 1) adds up to a tenth.
    """
    wait = min(first * 4.0 ** min(attempt - 1, 20), LONGEST_RETRY)
    wait = min(max(wait, retry_after or 0.0), LONGEST)
    return now + timedelta(seconds=wait * (1 + jitter / 10))
