"""Find entries that a publisher withdrew: missing from the feed's window although it should still list them.

A window drops its oldest entries.  An entry that is missing while half of the window is older than it was not dropped
for its age.  A smaller share would prove nothing: feeds keep some entries at the top for weeks.
"""

from collections.abc import Iterable
from datetime import datetime

#: The share of the window that must be older than a missing entry, and the least number of such entries.
_OLDER_SHARE, _MIN_OLDER = 0.5, 3


def settled_at(first_seen: Iterable[datetime], *, listed: int) -> datetime | None:
    """Return the time after which every entry first seen should still be in the window.

    `first_seen` are the times at which the known entries of the window were first seen, `listed` is the number of all
    its entries.  Returns None if too few are known to tell.
    """
    older = max(_MIN_OLDER, round(listed * _OLDER_SHARE))
    times = sorted(first_seen)
    return times[older - 1] if len(times) >= older else None
