"""Load events with their records, as messages."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.event import Event
from ingestd.model.message import Message
from ingestd.store.events.event_log import EventBatch
from ingestd.store.records import at_revisions


async def load(connection: AsyncConnection, batch: EventBatch, *, records: bool) -> list[Message]:
    """Return the events of a batch as messages, in their order; with `records`, each has its record.

    `connection` should be a snapshot, so that events and records are of one time.
    """
    return await of_events(connection, batch.events, epoch=batch.epoch, records=records)


async def of_events(
    connection: AsyncConnection, events: Sequence[Event], *, epoch: str, records: bool
) -> list[Message]:
    """Return events as messages, in their order; with `records`, each has its record."""
    wanted = [(event.record_id, event.revision) for event in events] if records else []
    found = await at_revisions.read(connection, wanted) if wanted else {}
    return [Message(epoch=epoch, event=event, record=found.get((event.record_id, event.revision))) for event in events]
