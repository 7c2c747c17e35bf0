"""Whether entries may have come and gone between two looks at a window.

By what the windows have in common, never by dates: an entry that is stamped late, or early, is still new.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What a document has in common with those before it; numbers of entries."""

    listed: int
    #: Seen at any time before.
    known: int
    #: First seen since the document before this one, by another way: a push, or a repair.
    told: int = 0
    #: In the document before this one, and of these, in the latest batch that was new to us.
    shared: int
    latest: int


def may_have_lost(overlap: Overlap, *, window: int) -> bool:
    """Say whether entries may have come and gone unseen since a document of `window` entries.

    With nothing in common, they may, unless all that is listed was told meanwhile: whoever told that left nothing
    out.  And they may where all that was newest is gone although little of the window is: what is still there then
    is pinned, and rolls over with nothing.
    """
    if not window or not overlap.listed:
        return False  # there was nothing to roll over, or nothing came
    if overlap.known == overlap.listed and overlap.told:
        return False
    if not overlap.shared:
        return True
    return not overlap.latest and overlap.shared * 2 < min(window, overlap.listed)
