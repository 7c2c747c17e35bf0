"""Messages, as the client gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message about an event of the log."""

    #: Names the message for good, in every delivery of it: the epoch of the log, and the event's number in it.
    id: str
    #: new, revised, corrected, killed ...
    kind: str
    #: In the form that was asked for.
    data: Mapping[str, Any]

    @property
    def seq(self) -> int:
        """Return the event's number."""
        return int(self.id.rpartition("-")[2])

    @property
    def epoch(self) -> str:
        """Return the epoch in which the number counts."""
        return self.id.rpartition("-")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Messages that a reader of a pull consumer holds until it acknowledges them."""

    consumer: str
    #: None: there are no messages.
    lease: str | None
    messages: Sequence[Message]
