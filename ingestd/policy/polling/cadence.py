"""Schedule the next poll of a source and the next attempt at a failed entry."""

from datetime import datetime, timedelta

from ingestd.model.source import NO_HINTS, Hints

#: The longest wait before the next poll (seconds), after any failure and any hint of the publisher.
MAX_WAIT = 86_400.0

#: The longest wait between two attempts at an entry (seconds), unless the server asks for more.
MAX_RETRY_WAIT = 6 * 3600.0


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

    `wait` (seconds) is raised to `floor` if it is shorter.  It doubles with each failed poll in a row
    (`failures`) after the first.  The publisher can make it longer, with `retry_after` (seconds, RFC 9110, 10.2.3) and
    the longest of the `hints`; hours and days to skip are skipped.  The result is at most a day, or the chosen wait
    if that is longer.

    `jitter` in [0, 1) adds up to a tenth, after failures up to a half, so that sources do not stay in step.
    A wait at its maximum is shortened by up to a tenth instead, after failures only.
    """
    chosen = max(floor, wait)
    limit = max(MAX_WAIT, chosen)
    wait = chosen * 2.0 ** min(max(0, failures - 1), 20)
    wait = max(wait, hints.fresh_for or 0.0, hints.ttl or 0.0, hints.period or 0.0, retry_after or 0.0)
    wait *= 1 + jitter / (2 if failures else 10)
    if wait > limit:
        wait = limit * (1 - jitter / 10 if failures else 1)
    return _after_skipped(now + timedelta(seconds=wait), hints, latest=now + timedelta(seconds=limit))


def _after_skipped(due: datetime, hints: Hints, *, latest: datetime) -> datetime:
    """Return the first time from `due` on that the hints do not skip, at most `latest`."""
    while due < latest and (due.hour in hints.skip_hours or due.weekday() in hints.skip_days):
        # The same minute of the next hour: sources that skip an hour must not all be due at its end.
        due += timedelta(hours=1)
    return min(due, latest)


def next_attempt(
    now: datetime, *, attempt: int, first: float, retry_after: float | None = None, jitter: float
) -> datetime:
    """Return when to try an entry again after its `attempt`-th failure (1, 2, ...).

    The wait is `first` seconds, then four times as long each time, up to six hours; `retry_after` (seconds) can make
    it longer, up to a day.  `jitter` in [0, 1) adds up to a tenth.
    """
    wait = min(first * 4.0 ** min(attempt - 1, 20), MAX_RETRY_WAIT)
    wait = min(max(wait, retry_after or 0.0), MAX_WAIT)
    return now + timedelta(seconds=wait * (1 + jitter / 10))
