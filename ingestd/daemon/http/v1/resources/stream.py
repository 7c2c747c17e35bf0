"""The stream of messages: /v1/stream, as server-sent events."""

import asyncio
from contextlib import aclosing

import structlog
from aiohttp import web
from pydantic import Field

from ingestd import filters
from ingestd.daemon.http.v1.parameters import Number, Parameters, Text
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.delivery.frames import form_named, parse_position
from ingestd.errors import IngestError

log = structlog.get_logger(__name__)

#: Seconds that a client has to take what is written; then its connection is closed, and it may resume.
_WRITE_TIMEOUT = 30.0

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
    form: Text = Field("full", description="The form of the messages: thin, full, ninjs or cloudevents.")


async def stream(call: Call) -> object:
    """Send messages as they come, as server-sent events.

    The `id` of an event is the epoch and the number of the log, `event` the kind, `data` the message in the form. A
    client that is interrupted sends the last `id` as the header Last-Event-ID, which goes before `after`, and misses
    nothing. Each 15 s without a message a comment is sent. A client that takes nothing for 30 s is disconnected.

    Messages of a record that was killed before they were written are left out. If the events after the number are no
    longer kept, or the epoch has ended, the status is 410.
    """
    query: StreamQuery = call.query
    streams, last_id = call.service.streams, call.request.headers.get("Last-Event-ID")
    epoch, after = parse_position(last_id) if last_id else (query.epoch, query.after)
    form, wanted = form_named(query.form), _wanted(query.filter, call.caller.filter)
    start = await streams.begin(after, epoch)
    async with aclosing(streams.follow(start, form=form, wanted=wanted, token=call.caller.token)) as contents:
        first = await anext(contents)  # raises before there is an answer, if there are too many clients
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(call.request)
        try:
            await _write(response, first)
            async for content in contents:
                await _write(response, content)
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


def _wanted(asked: str, allowed: str) -> str:
    """Return the filter of a client in its canonical form; raises FilterError."""
    both = " ".join(f"({part})" for part in map(str, map(filters.parse, (allowed, asked))) if part)
    return str(filters.parse(both))


async def _write(response: web.StreamResponse, content: bytes) -> None:
    async with asyncio.timeout(_WRITE_TIMEOUT):
        await response.write(content)


ROUTES = (
    Route(
        path="/v1/stream", handler=stream, tag="Events", query=StreamQuery, media_types=("text/event-stream",),
        errors=(410,), filtered=True, waits=True,
    ),
)  # fmt: skip
