"""Messages on their way to a consumer: which overtake others, and how many were delivered."""

from dataclasses import dataclass
from typing import Any

from ingestd.model.consumer import FailedMessage


@dataclass(slots=True, kw_only=True, eq=False)
class Item:
    """A message on its way to the consumer."""

    seq: int
    record_id: int
    kind: str
    #: What is sent; None: it could not be rendered, for `error`.
    content: Any = None
    error: str | None = None
    #: Its row, if it failed before.
    row: FailedMessage | None = None
    #: Tries of a message that keeps its place.
    tries: int = 0

    @property
    def attempts(self) -> int:
        """Attempts so far."""
        return self.row.attempts if self.row else self.tries


@dataclass(slots=True)
class Totals:
    """Counts of the messages of one consumer since this process started."""

    delivered: int = 0
    #: Attempts that the endpoint refused.
    failed: int = 0
    #: Messages that were not sent because their record was killed.
    overtaken: int = 0
    #: Messages that are not tried again by themselves.
    dead: int = 0
    #: Times that a bug ended the delivery, which then began again.
    restarts: int = 0
