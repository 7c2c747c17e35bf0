"""Decide whether a feed may have dropped entries between two polls, by the overlap of its windows.

Dates do not count: they may be early or late.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """The overlap of a document with earlier ones; numbers of entries."""

    listed: int
    #: Known before this document.
    known: int
    #: First seen since the previous document, by a push or a repair.
    seen_elsewhere: int = 0
    #: Also in the previous document; and of these, the entries of the latest batch of new ones.
    shared: int
    shared_latest: int


def may_have_lost(overlap: Overlap, *, window: int) -> bool:
    """Return whether entries may have been listed and dropped unseen since a document of `window` entries.

    They may when the windows have nothing in common, unless every entry listed now is known from a push or a repair
    since, which then left out nothing.  They also may when all of the newest entries are gone although less than half
    of the window is shared: the entries still there are then pinned.
    """
    if not window or not overlap.listed:
        return False  # nothing could be dropped, or nothing was listed
    if overlap.known == overlap.listed and overlap.seen_elsewhere:
        return False
    if not overlap.shared:
        return True
    return not overlap.shared_latest and overlap.shared * 2 < min(window, overlap.listed)
