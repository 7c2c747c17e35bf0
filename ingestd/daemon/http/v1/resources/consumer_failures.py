"""Messages that a consumer was not sent: /v1/consumers/{name}/failures, and sending them again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from ingestd.daemon.http.v1.paging import page
from ingestd.daemon.http.v1.parameters import MAX_NUMBER, Answer, Body, Limit, Number, Parameters, limit
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.resources.consumers import ONE, ConsumerPath
from ingestd.daemon.http.v1.route import Call, Handler, Route
from ingestd.delivery import management
from ingestd.errors import UsageError
from ingestd.model.consumer import FailedState
from ingestd.store.consumers import consumers, failures


class FailuresQuery(Parameters):
    """Which messages."""

    state: FailedState | None = Field(None, description="Only those in this state.")
    after: Number = Field(0, description="Only those about events with higher numbers.")
    limit: Limit = limit(100, 1000)


class Failure(Answer):
    """A message that was not delivered.

    `error` and `excerpt` repeat what the endpoint answered, unless the record may not be shown.
    """

    seq: int
    record_id: int
    state: FailedState
    attempts: int
    first_at: datetime
    last_at: datetime
    next_at: datetime | None
    status: int | None
    error: str
    excerpt: str | None


class AttemptPath(ConsumerPath):
    """Which message of which consumer."""

    seq: Number = Field(description="Number of an event.")


class DeliveryAttempt(Answer):
    """An attempt at a message."""

    seq: int
    attempt: int
    at: datetime
    delivered: bool
    status: int | None
    error: str | None
    excerpt: str | None


class Range(Body):
    """A range of events."""

    first: int = Field(ge=1, le=MAX_NUMBER, description="Number of the first event.")
    last: int | None = Field(None, ge=1, le=MAX_NUMBER, description="Number of the last event; null: the first.")


class RangeOrAll(Body):
    """A range of events, or all."""

    first: int | None = Field(None, ge=1, le=MAX_NUMBER, description="Number of the first event; null: all.")
    last: int | None = Field(None, ge=1, le=MAX_NUMBER, description="Number of the last event; null: the first.")


class Count(Answer):
    """How many messages it was about."""

    name: str
    messages: int


async def list_failures(call: Call) -> object:
    """List the messages that a consumer was not sent, by number."""
    query: FailuresQuery = call.query
    states: Sequence[FailedState] = (query.state,) if query.state else ()
    async with call.read() as connection:
        found = await management.failed(
            connection, call.path.name, states=states, after=query.after, limit=query.limit + 1,
            include_withheld=call.include_withheld,
        )  # fmt: skip
    following = str(found[query.limit - 1]["seq"]) if len(found) > query.limit else None
    return page(call, value=found[: query.limit], following=following, name="after")


async def list_attempts(call: Call) -> object:
    """List the attempts at a message that failed, oldest first."""
    async with call.read() as connection:
        return await management.attempts(
            connection, call.path.name, call.path.seq, include_withheld=call.include_withheld
        )


async def replay_events(call: Call) -> object:
    """Send events again that a consumer has passed; it keeps its place."""
    first, last = _range(call.body)
    async with call.write() as connection:
        consumer = await consumers.find(connection, call.path.name)
        count = await failures.replay(connection, consumer, first=first, last=last, now=datetime.now(UTC))
    return {"name": call.path.name, "messages": count}


async def redeliver_messages(call: Call) -> object:
    """Try messages again at once that wait or are dead; each gets all its tries anew."""
    body: RangeOrAll = call.body
    if body.first is None and body.last is not None:
        raise Problem(422, "last needs first")
    first, last = (None, None) if body.first is None else _range(body)
    async with call.write() as connection:
        consumer = await consumers.find(connection, call.path.name)
        count = await failures.redeliver(connection, consumer, first=first, last=last, now=datetime.now(UTC))
    return {"name": call.path.name, "messages": count}


async def drop_messages(call: Call) -> object:
    """Give up messages that wait, are blocked or dead."""
    first, last = _range(call.body)
    async with call.write() as connection:
        consumer = await consumers.find(connection, call.path.name)
        count = await failures.drop(connection, consumer, first=first, last=last)
    return {"name": call.path.name, "messages": count}


def _range(body: Range | RangeOrAll) -> tuple[int, int]:
    first, last = body.first or 1, body.last or body.first or 1
    if last < first:
        raise UsageError(f"{first} to {last} is no range of events")
    return first, last


def _route(path: str, handler: Handler, **others: Any) -> Route:
    return Route(
        path=f"{ONE}/{path}", handler=handler, tag="Consumers",
        **{"role": "operate", "answer": Count, "parameters": ConsumerPath, **others},
    )  # fmt: skip


ROUTES = (
    _route("failures", list_failures, query=FailuresQuery, answer=list[Failure], withheld=True),
    _route(
        "failures/{seq}", list_attempts, parameters=AttemptPath, answer=list[DeliveryAttempt], withheld=True
    ),
    _route("replay", replay_events, method="POST", body=Range, errors=(410,)),
    _route("redeliver", redeliver_messages, method="POST", body=RangeOrAll),
    _route("drop", drop_messages, method="POST", body=Range),
)  # fmt: skip
