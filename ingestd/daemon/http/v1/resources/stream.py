"""The stream of messages: /v1/stream, as server-sent events."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress

import structlog
from aiohttp import web
from pydantic import Field

from ingestd import filters
from ingestd.daemon.http.v1.parameters import Number, Parameters, Text
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.delivery import named_streams
from ingestd.delivery.frames import Wanted, form_named, parse_position
from ingestd.delivery.named_streams import NamedStream
from ingestd.delivery.pulling import NotActive
from ingestd.delivery.streams import Start
from ingestd.errors import IngestError, StoreError
from ingestd.renderers.forms.form import Form

log = structlog.get_logger(__name__)

#: Seconds that a client has to take what is written; then its connection is closed, and it may resume.
_WRITE_TIMEOUT = 30.0

#: Bytes that wait for a client in this process, beyond what the system holds; then the next write waits as well.
_UNSENT = 16 * 2**10

_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold messages back
}


class StreamQuery(Parameters):
    """Which messages."""

    after: Number | None = Field(
        None, description="The number to continue after; 0: from the beginning of what is kept. Default: from now on."
    )
    epoch: Text | None = Field(None, description="The epoch of the log that the number is from.")
    filter: str = Field("", max_length=4096, description="Only messages that this filter lets through.")
    form: Text | None = Field(None, description="The form of the messages: thin, full (default), ninjs or cloudevents.")
    consumer: Text | None = Field(
        None, description="A consumer of the kind sse: its filter and form apply, and it starts at its cursor."
    )


async def stream(call: Call) -> object:
    """Send messages as they come, as server-sent events.

    The `id` of an event is the epoch and the number of the log, `event` the kind, `data` the message in the form. A
    client that is interrupted sends the last `id` as the header Last-Event-ID, which goes before `after`, and misses
    nothing. Each 15 s without a message a comment is sent. A client that takes nothing for 30 s is disconnected.

    Messages of a record that was killed before they were written are left out. If the events after the number are no
    longer kept, or the epoch has ended, the status is 410.

    With `consumer`, which needs the role `operate`, the daemon remembers what was written, and a client that names no
    number starts there.
    """
    query: StreamQuery = call.query
    last_id = call.request.headers.get("Last-Event-ID")
    epoch, after = parse_position(last_id) if last_id else (query.epoch, query.after)
    if query.consumer is not None:
        return await _of_consumer(call, query.consumer, after, epoch)
    form, wanted = form_named(query.form or "full"), _wanted(call.caller.filter, query.filter)
    start = await call.service.streams.begin(after, epoch)
    return await _send(call, start, form, wanted, lambda _upto: None)


async def _of_consumer(call: Call, name: str, after: int | None, epoch: str | None) -> web.StreamResponse:
    """Send the messages of a consumer, and remember how far its client is."""
    query: StreamQuery = call.query
    if query.filter or query.form:
        raise Problem(400, "a consumer has a filter and a form of its own; leave out filter and form")
    if not call.caller.has("operate"):
        raise Problem(403, f"the token {call.caller.token!r} has the role {call.caller.role}; this needs operate")
    database = call.service.runtime.database
    try:
        consumer, start = await named_streams.begin(database, call.service.streams, name, after=after, epoch=epoch)
    except NotActive as error:
        raise Problem(409, str(error)) from error
    if call.caller.filter and call.caller.filter != consumer.filter:
        raise Problem(404, f"no consumer {name}; `GET /v1/consumers` shows all")
    stream, wanted = NamedStream(database, consumer), _wanted(consumer.filter, "")

    def note(upto: int) -> None:
        stream.position = upto

    watching = asyncio.create_task(stream.watch(), name=f"stream {name}")
    watching.add_done_callback(lambda _: _hang_up(call.request))
    try:
        return await _send(call, start, form_named(consumer.form), wanted, note)
    finally:
        watching.cancel()
        with suppress(StoreError):
            await stream.save()


def _hang_up(request: web.Request) -> None:
    if request.transport:
        request.transport.close()


async def _send(
    call: Call, start: Start, form: Form, wanted: Wanted, note: Callable[[int], None]
) -> web.StreamResponse:
    """Write messages until the client or the daemon ends; `note` is told up to which number they were written."""
    streams = call.service.streams
    response = web.StreamResponse(headers=_HEADERS)
    if call.request.method == "HEAD":
        return response
    caller = call.caller
    following = streams.follow(start, form=form, wanted=wanted, token=caller.token, sees=caller.filter)
    async with aclosing(following) as chunks:
        first = await anext(chunks)  # raises before there is an answer, if there are too many clients
        await response.prepare(call.request)
        try:
            if call.request.transport:
                call.request.transport.set_write_buffer_limits(_UNSENT)
            await _write(call.request, response, first.content)
            async for chunk in chunks:
                await _write(call.request, response, chunk.content)
                note(chunk.upto)
        except TimeoutError:
            streams.too_slow += 1
            log.info("stream closed", reason="the client reads too slowly", client=call.request.remote)
            if call.request.transport:
                call.request.transport.abort()
        except IngestError as error:
            log.info("stream closed", reason=str(error), client=call.request.remote)
        except ConnectionError:
            pass  # the client has gone
    return response


def _wanted(allowed: str, asked: str) -> Wanted:
    """Return filters in their canonical form; raises FilterError."""
    return Wanted(*(str(filters.parse(one)) for one in (allowed, asked)))


async def _write(request: web.Request, response: web.StreamResponse, content: bytes) -> None:
    async with asyncio.timeout(_WRITE_TIMEOUT):
        await response.write(content)
        # By itself, aiohttp waits for a slow client only after each 64 KiB.
        await request.writer.drain()


ROUTES = (
    Route(
        path="/v1/stream", handler=stream, tag="Events", query=StreamQuery, media_types=("text/event-stream",),
        errors=(404, 409, 410), filtered=True, waits=True,
    ),
)  # fmt: skip
