"""The event log: /v1/events."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd import filters
from ingestd.daemon.http.v1.parameters import Limit, Number, Parameters, Text, limit
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.daemon.http.v1.visibility import sight_of
from ingestd.model.event import Event, EventKind
from ingestd.store.consumers import candidates
from ingestd.store.events import event_log


class EventsQuery(Parameters):
    """Which events."""

    after: Number = Field(0, description="The number to continue after; 0: from the beginning of what is kept.")
    epoch: Text | None = Field(None, description="The epoch of the log that the number is from.")
    limit: Limit = limit(100, 1000)
    kind: list[EventKind] = Field([], description="Only these kinds.")


async def events(call: Call) -> object:
    """List the events after a number, in their order.

    The answer also has the number to continue from (`after`), that of the latest event (`newest`), and the `epoch` of
    the log. If the events after the number are no longer kept, or the epoch has ended, the status is 410.
    """
    query: EventsQuery = call.query
    async with call.read() as connection:
        batch = await event_log.read_after(
            connection,
            query.after,
            epoch=query.epoch,
            limit=query.limit,
            kinds=event_log.parse_kinds(query.kind),
            include_withheld=call.include_withheld,
        )
        return asdict(replace(batch, events=await _visible(call, connection, batch.events)))


async def _visible(call: Call, connection: AsyncConnection, events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events that the filter of the caller's token lets through, as the caller sees them."""
    allowed, sight = filters.parse(call.caller.filter), sight_of(call)
    if sight.is_all:
        return tuple(events)
    seen = await candidates.read(connection, events, allowed.fields, by_revisions=True)
    chosen = [one for one, candidate in zip(events, seen, strict=True) if allowed.matches(candidate)]
    return tuple(await sight.of_events(connection, chosen))


ROUTES = (
    Route(
        path="/v1/events", handler=events, tag="Events", query=EventsQuery, answer=event_log.EventBatch,
        errors=(410,), withheld=True, filtered=True,
    ),
)  # fmt: skip
