"""Decide whether a page that another entry has fetched will do for an entry of the same address."""

from datetime import datetime


def is_current(
    now: datetime,
    *,
    visited_at: datetime,
    same_announcement: bool,
    is_known: bool,
    updated: datetime | None,
    revisit_until: float,
) -> bool:
    """Return whether an entry can do with the page that was fetched at `visited_at`.

    For a new entry (`is_known` is False) the page will do for `revisit_until` seconds: until then revisits bring what
    has changed since.  An entry that its feed has changed needs a later fetch, unless the entry that fetched the page
    had the same announcement, or the change (`updated`) is older than the fetch.
    """
    if not is_known:
        return (now - visited_at).total_seconds() <= revisit_until
    return same_announcement or (updated is not None and updated <= visited_at)
