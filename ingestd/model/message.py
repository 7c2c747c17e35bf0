"""Messages: events of the log as consumers get them."""

from dataclasses import dataclass

from ingestd.model.event import Event
from ingestd.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An event with its record, as it is sent to a consumer."""

    #: The epoch of the event log, in which the event's number counts.
    epoch: str
    #: Its headline and URLs are None while the record may not be shown.
    event: Event
    #: The record with the revision of the event, if that is still kept, else with its current one.  None: the record
    #: may not be shown (it is withheld, killed or purged), or the form of the consumer needs no record.
    record: Record | None = None

    @property
    def id(self) -> str:
        """Return the identifier of the message: the same each time that it is sent."""
        return message_id(self.epoch, self.event.seq)


def message_id(epoch: str, seq: int) -> str:
    """Return the identifier of the message about event `seq`."""
    return f"{epoch}-{seq}"
