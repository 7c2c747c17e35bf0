"""Appearances of a story, and what is said of whose text each has."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

#: How far a printed time may be ahead of the time at which we saw it (clocks differ), and how far behind.
_AHEAD, _BEHIND = timedelta(seconds=90), timedelta(hours=24)
#: What is taken off the time of sight where no time is printed: the usual delay of a poll.
DELAY = timedelta(minutes=20)
RungName = Literal[
    "agency", "credited", "containment", "second", "credits", "named", "earliest", "via named", "via text"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """An appearance of a story's text, as its lineage is traced: a record, or a carrier of its equal text."""

    record: int
    #: Tells carriers of one record apart, such as by the entry; 0 for the record's own appearance.
    carrier: int = 0
    publisher: str
    #: Agency whose own document it is: on its wire or on its own site.
    agency: str | None = None
    #: Agencies that it says it is from.
    credits: frozenset[str] = frozenset()
    #: Publishers that it says it was copied from.
    named: tuple[str, ...] = ()
    #: When it was first seen.
    seen: datetime
    #: When it says it was published, to the minute.  None: not stated, or only the day.
    printed: datetime | None = None

    @property
    def at(self) -> datetime:
        """When it was published: as printed where that can be, else a little before it was seen."""
        if self.printed and -_AHEAD <= self.seen - self.printed < _BEHIND:
            return self.printed
        return self.seen - DELAY

    @property
    def order(self) -> tuple[datetime, int, int]:
        """Its place among the tellers of a story, by time."""
        return self.at, self.record, self.carrier


class Rung(NamedTuple):
    """A piece of evidence that was tried: `found` is what it gave, None where it gave nothing."""

    name: RungName
    found: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Whose text an appearance has."""

    teller: Teller
    #: Where its text was issued; more than one where it has parts of two agencies' stories.  Empty: it is the origin
    #: itself, or its origin is not known.
    origins: tuple[Teller, ...] = ()
    #: Agency that issued its text, whether or not we have that document.
    agency: str | None = None
    #: Part of its text that the first origin has; None where that was not compared.
    share: float | None = None
    #: The copy that it was copied from.
    via: Teller | None = None
    rungs: tuple[Rung, ...] = ()
