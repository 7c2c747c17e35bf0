"""Decide whether a feed may have dropped entries between two polls, by the overlap of its windows.

Dates are ignored: publishers set them early or late.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How many entries of a document earlier documents had too."""

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

    True when the windows have nothing in common, unless all entries listed now are known thanks to a push or a repair
    since.  Also true when none of the newest entries is listed any more and less than half of the window is shared: the
    shared entries are then probably pinned.
    """
    if not window or not overlap.listed:
        return False  # nothing could be dropped, or nothing was listed
    if overlap.known == overlap.listed and overlap.seen_elsewhere:
        return False
    if not overlap.shared:
        return True
    return not overlap.shared_latest and overlap.shared * 2 < min(window, overlap.listed)
