"""When what failed is tried again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

#: Seconds from each try of a message to the next: ten tries within 75 hours and 35 minutes, the schedule that Standard
#: Webhooks 1.0 gives as an example.
SCHEDULE = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)

#: Tries of a message in a kind that keeps all messages in order, before the others go on without it.
ORDERED_TRIES = 3

#: Seconds for which a consumer waits whose endpoint takes nothing: from the first pause, which doubles, to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0

#: The longest time for which an endpoint may ask to wait, in seconds.
LONGEST_ASKED = 86_400.0

#: Seconds of nothing but failures after which a consumer is disabled.
GIVEN_UP_AFTER = 75 * 3600.0

#: Messages refused in a row, without one that was taken, from which on the endpoint counts as down.
REFUSED_IN_A_ROW = 20


def next_try(schedule: Sequence[float], attempts: int, now: datetime) -> datetime | None:
    """Return when a message is tried again that has failed `attempts` times; None: never."""
    return now + timedelta(seconds=schedule[attempts - 1]) if attempts <= len(schedule) else None


def pause(failures: int, retry_after: float | None, random: float) -> float:
    """Return for how many seconds a consumer waits after its endpoint failed `failures` times in a row.

    `retry_after` is what the endpoint asks for.  `random`, from 0 to 1, makes a pause up to a quarter shorter, so that
    consumers of one endpoint do not come back together.
    """
    if retry_after is not None:
        return min(max(retry_after, 1.0), LONGEST_ASKED)
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 10)) * (1 - random / 4)
