"""Decide whether another list covers a gap in a source, by the entries at both edges of the gap.

A list that has every entry the source listed last before the gap and every one it listed first after it is taken to
have the entries between as well.  A list that lacks a single one of them selects its entries differently or does not
reach back far enough, and proves nothing.  Names and dates are ignored.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

#: The least number of entries at each edge: one or two may be pinned, or shared by chance.
MIN_EDGE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GapEdges:
    """The URLs at both edges of a gap, in the form in which they are compared."""

    #: The newest ones known before the gap.
    before: frozenset[str]
    #: All new ones of the first document after the gap.
    after: frozenset[str]

    @property
    def suffice(self) -> bool:
        """Whether both edges have at least MIN_EDGE entries."""
        return min(len(self.before), len(self.after)) >= MIN_EDGE

    def all_in(self, addresses: Collection[str]) -> bool:
        """Return whether `addresses` have all URLs of both edges, and the edges suffice."""
        return self.suffice and self.before | self.after <= set(addresses)


def newest_addresses(first_seen: Iterable[tuple[datetime, str]]) -> frozenset[str]:
    """Return the newest URLs, at least MIN_EDGE if there are as many; URLs first seen at once stay together.

    `first_seen` are pairs of the time a URL was first seen and the URL, newest first.
    """
    found: set[str] = set()
    last: datetime | None = None
    for when, address in first_seen:
        if when != last and len(found) >= MIN_EDGE:
            break
        found.add(address)
        last = when
    return frozenset(found)


def positions_between(addresses: Sequence[str | None], edges: GapEdges) -> range | None:
    """Return the positions in a document between the edges of a gap; None if the document does not cover the gap.

    It covers the gap when it has all entries of both edges and keeps the edges apart, newest first or last.  When they
    are mixed, its order is not chronological.
    """
    if not edges.all_in({address for address in addresses if address}):
        return None
    before = [at for at, address in enumerate(addresses) if address in edges.before]
    after = [at for at, address in enumerate(addresses) if address in edges.after]
    if max(after) < min(before):
        return range(max(after) + 1, min(before))
    if max(before) < min(after):
        return range(max(before) + 1, min(after))
    return None
