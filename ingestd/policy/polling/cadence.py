"""When to come back: to a source that answered, to one that failed, to an entry that failed."""

from datetime import datetime, timedelta

from ingestd.model.source import NO_HINTS, Hints

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
    it is doubled for each one after the first.  What the publisher says makes it longer: `retry_after` (seconds,
    RFC 9110, 10.2.3), and of the `hints` the longest; an hour or a day to be skipped is skipped.  All that together
    is never longer than a day, or than the wait that the operator chose, where that is longer.

    `jitter` in [0, 1) makes the wait up to a tenth longer, after failures up to a half, so that sources which fell
    due together drift apart; at the longest it makes it up to a tenth shorter, after failures only.
    """
    chosen = max(floor, wait)
    longest = max(LONGEST, chosen)
    wait = chosen * 2.0 ** min(max(0, failures - 1), 20)
    wait = max(wait, hints.fresh_for or 0.0, hints.ttl or 0.0, hints.period or 0.0, retry_after or 0.0)
    wait *= 1 + jitter / (2 if failures else 10)
    if wait > longest:
        wait = longest * (1 - jitter / 10 if failures else 1)
    return _past_skipped(now + timedelta(seconds=wait), hints, latest=now + timedelta(seconds=longest))


def _past_skipped(due: datetime, hints: Hints, *, latest: datetime) -> datetime:
    """Return the first moment from `due` on that no hint asks to skip, or `latest`."""
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
