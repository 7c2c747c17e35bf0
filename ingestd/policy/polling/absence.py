"""What is missing from a feed's window although it should still be there.

A window drops its oldest entries.  One that is missing while half of the window was seen before it did not go that way.
Fewer would not do: feeds have entries that they keep at the top for weeks.
"""

from collections.abc import Iterable
from datetime import datetime

#: Of the entries in the window, those that must be older than one that is missing: so large a part, and so many.
_OLDER, _FEWEST = 0.5, 3


def settled_at(first_seen: Iterable[datetime], *, listed: int) -> datetime | None:
    """Return the time by which enough of a window had been seen: what was first seen later should still be there.

    `first_seen` are the times of those of its `listed` entries that were known before; None where they are too few.
    """
    older = max(_FEWEST, round(listed * _OLDER))
    found = sorted(first_seen)
    return found[older - 1] if len(found) >= older else None
