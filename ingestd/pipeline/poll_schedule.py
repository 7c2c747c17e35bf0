"""Decide when a source is polled next."""

import random
from datetime import datetime

from ingestd.model.source import Pace, Source
from ingestd.model.timing import Timing
from ingestd.pipeline.compare import seconds_since_read
from ingestd.policy.polling.cadence import MAX_WAIT, next_poll
from ingestd.policy.polling.pace import poll_wait
from ingestd.store.polls.poll_result import PollResult

#: Longest wait before the next poll or attempt after a local failure, in seconds.
AFTER_LOCAL_FAILURE = 60.0


def seconds_to_next_poll(poll: PollResult, timing: Timing, source: Source, *, new: int = 0) -> float:
    """Return the seconds until the next poll by the source's interval or pace, before the publisher's hints.

    `source` is the source before the poll, `new` the number of new entries on all pages of the poll.
    """
    pace = poll.pace or source.pace or Pace()
    if source.interval:
        return source.interval
    wait = poll_wait(
        pace,
        base=timing.interval,
        window=source.window if poll.window is None else poll.window,
        new=new if source.last_success_at else 0,
        elapsed=seconds_since_read(source, poll.at),
        lost=poll.may_have_lost,
    )
    if source.pushed_until and not new and (poll.hub or poll.listed is None):
        # While a hub pushes, one poll a day (MAX_WAIT) is enough.  When its lease ends, the pushes end too.
        wait = max(wait, (source.pushed_until - poll.at).total_seconds())
    return min(wait, MAX_WAIT)


def due_after(
    poll: PollResult, wait: float, timing: Timing, *, failures: int = 0, retry_after: float | None = None
) -> datetime:
    """Return when the next poll is due: `wait` seconds after this one, or later if the publisher asks for it.

    `failures` is the number of failed polls in a row; `retry_after` is in seconds.
    """
    return next_poll(
        poll.at,
        wait=wait,
        floor=timing.interval_floor,
        failures=failures,
        retry_after=retry_after,
        hints=poll.hints,
        jitter=random.random(),  # noqa: S311 - spreads load, not for security
    )
