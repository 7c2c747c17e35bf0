"""What readers of a pull consumer ask for: /v1/consumers/NAME/events and /v1/consumers/NAME/ack."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from ingestd.daemon.http.v1.parameters import MAX_NUMBER, Answer, Body, Limit, Number, Parameters, Text, limit
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.route import Call, Reply, Route
from ingestd.delivery import pulling
from ingestd.delivery.frames import form_named
from ingestd.delivery.kinds.pull import PullSettings
from ingestd.delivery.pulling import HandOut, LeaseEnded, NotActive
from ingestd.json import to_json
from ingestd.model.consumer import Consumer
from ingestd.model.event import EventKind
from ingestd.store.consumers import consumers

#: Seconds: the longest wait for messages, and between two looks at whether there are some.
_MAX_WAIT, _LOOK_EVERY = 30, 0.25


class ConsumerPath(Parameters):
    """Which consumer."""

    name: Text


class PullQuery(Parameters):
    """How many messages, and how long to wait for them."""

    limit: Limit = limit(100, 1000)
    wait: Number = Field(
        0, le=_MAX_WAIT, description=f"Seconds to wait until there is a message, from 0 to {_MAX_WAIT}."
    )


class LeaseAnswer(Answer):
    """A lease: a range of events that the reader holds."""

    token: str
    first_seq: int
    last_seq: int
    until: datetime


class MessageAnswer(Answer):
    """A message: the epoch and number of its event, its kind, and the message in the form of the consumer."""

    id: str
    seq: int
    kind: EventKind
    data: dict[str, Any]


class PullAnswer(Answer):
    """Messages, and the lease on them; null: there are none."""

    lease: LeaseAnswer | None
    messages: list[MessageAnswer]


class AckBody(Body):
    """What was dealt with."""

    lease: str = Field(min_length=1, max_length=36, description="The token of the lease.")
    upto: int | None = Field(None, ge=0, le=MAX_NUMBER, description="The last event dealt with; null: all of them.")


class AckAnswer(Answer):
    """How far the consumer is, and the acknowledged events whose record was killed while they were held."""

    cursor: int
    overtaken: list[int]


async def pull(call: Call) -> object:
    """Hand out messages of a pull consumer on a lease.

    A reader that does not acknowledge them before `until` loses the lease, and they are handed out again. Readers that
    share a consumer get different messages, and never two of one record at the same time. Kills are handed out before
    everything else.
    """
    if "Authorization" not in call.request.headers and call.request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Problem(403, "a web page may take no lease without a token in the header Authorization")
    query: PullQuery = call.query
    database, clock = call.service.runtime.database, asyncio.get_running_loop()
    consumer, deadline = await _pull_consumer(call), clock.time() + query.wait
    if call.request.method == "HEAD":  # it would take a lease, and throw the messages away
        return _reply(HandOut(consumer=consumer))
    while True:
        before = await pulling.look(database, consumer.name, datetime.now(UTC))
        taken = await _hand_out(call, consumer, query.limit)
        if taken.messages:
            return _reply(taken)
        while not taken.more:
            left = deadline - clock.time()
            if left <= 0 or call.service.service_state.stopping:
                return _reply(taken)
            await asyncio.sleep(min(left, _LOOK_EVERY))
            if await pulling.look(database, consumer.name, datetime.now(UTC)) != before:
                break


async def acknowledge(call: Call) -> object:
    """Acknowledge the messages of a lease: all, or those up to a number.

    The status is 409 if the lease has ended and its messages were handed out again.
    """
    consumer, body = await _pull_consumer(call), call.body
    try:
        done = await pulling.acknowledge(
            call.service.runtime.database, consumer.name, body.lease, upto=body.upto, now=datetime.now(UTC)
        )
    except LeaseEnded as error:
        raise Problem(409, str(error), kind="lease-ended") from error
    return {"cursor": done.consumer.cursor, "overtaken": done.overtaken}


async def _pull_consumer(call: Call) -> Consumer:
    """Return the consumer of a call; raises Problem when it is of another kind, or the caller may not see it."""
    async with call.read() as connection:
        consumer = await consumers.find(connection, call.path.name)
    if call.caller.filter and call.caller.filter != consumer.filter:
        raise Problem(404, f"no consumer {consumer.name}; `GET /v1/consumers` shows all")
    if consumer.kind != "pull":
        raise Problem(409, f"consumer {consumer.name} is of the kind {consumer.kind}, and only pull consumers are read")
    return consumer


async def _hand_out(call: Call, consumer: Consumer, most: int) -> HandOut:
    seconds = PullSettings(**consumer.settings).lease
    try:
        return await pulling.hand_out(
            call.service.runtime.database, consumer.name, limit=most, seconds=seconds, now=datetime.now(UTC)
        )
    except NotActive as error:
        raise Problem(409, str(error)) from error


def _reply(taken: HandOut) -> Reply:
    render, lease = form_named(taken.consumer.form).render, taken.lease
    values = lease and {
        "token": lease.token, "first_seq": lease.first_seq, "last_seq": lease.last_seq, "until": lease.until,
    }  # fmt: skip
    listed = b",\n".join(
        b'{"id": "%b", "seq": %d, "kind": "%b", "data": %b}'
        % (one.id.encode(), one.event.seq, one.event.kind.encode(), render(one))
        for one in taken.messages
    )
    return Reply(body=b'{"lease": %b, "messages": [\n%b]}\n' % (to_json(values).encode(), listed))


ROUTES = (
    Route(
        path="/v1/consumers/{name}/events", handler=pull, tag="Consumers", role="operate", query=PullQuery,
        parameters=ConsumerPath, answer=PullAnswer, errors=(404, 409, 410), filtered=True, waits=True,
    ),
    Route(
        method="POST", path="/v1/consumers/{name}/ack", handler=acknowledge, tag="Consumers", role="operate",
        parameters=ConsumerPath, body=AckBody, answer=AckAnswer, errors=(404, 409), filtered=True,
    ),
)  # fmt: skip
