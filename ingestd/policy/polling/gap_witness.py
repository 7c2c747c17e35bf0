"""Whether another list saw what a source may have lost, by what the two have in common at both ends of the gap.

Never by its name or its dates: a list that has every entry the source showed last before the gap, and every one it
showed first after it, is taken to have those between as well.  One that lacks a single one of them chooses otherwise
than the source does, or does not reach back, and vouches for nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

#: Entries at each end without which nothing is believed: one or two may be pinned, or shared by chance.
FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The addresses at both ends of a gap, in the form in which they are compared."""

    #: The newest ones known before it.
    before: frozenset[str]
    #: All that came with the first document after it.
    after: frozenset[str]

    @property
    def are_enough(self) -> bool:
        """Whether they can tell one list from another."""
        return min(len(self.before), len(self.after)) >= FEWEST

    def are_in(self, addresses: Collection[str]) -> bool:
        """Say whether a list has all of them, and they are enough."""
        return self.are_enough and self.before | self.after <= set(addresses)


def newest(batches: Iterable[tuple[datetime, str]]) -> frozenset[str]:
    """Return the newest addresses, at least FEWEST where there are as many: a batch that came at once is not cut.

    `batches` are addresses with the time each was first seen, the newest first.
    """
    found: set[str] = set()
    last: datetime | None = None
    for when, address in batches:
        if when != last and len(found) >= FEWEST:
            break
        found.add(address)
        last = when
    return frozenset(found)


def between(addresses: Sequence[str | None], ends: Ends) -> range | None:
    """Return where in a document stands what is between the ends; None when it does not vouch for it.

    It vouches when it has all of both ends and keeps them apart, be it the newest first or last.  Where they are
    mixed, its order is not that in which entries came.
    """
    if not ends.are_in({address for address in addresses if address}):
        return None
    before = [at for at, address in enumerate(addresses) if address in ends.before]
    after = [at for at, address in enumerate(addresses) if address in ends.after]
    if max(after) < min(before):
        return range(max(after) + 1, min(before))
    if max(before) < min(after):
        return range(max(before) + 1, min(after))
    return None
