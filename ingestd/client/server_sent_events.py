"""Read server-sent events (WHATWG HTML, 9.2) from a response."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

import aiohttp

#: Bytes of one line: a message with a long text is one.
_MAX_LINE = 32 * 2**20


@dataclass(slots=True)
class SentEvent:
    """An event; without `data` it only says where the stream is."""

    id: str = ""
    name: str = ""
    data: str = ""


async def events_in(content: aiohttp.StreamReader) -> AsyncGenerator[SentEvent]:
    """Yield the events of a stream until it ends; one that was cut off is left out."""
    event = SentEvent()
    async for line in _lines(content):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            yield event
            event = SentEvent()
        elif name == "id":
            event.id = value
        elif name == "event":
            event.name = value
        elif name == "data":
            event.data += f"\n{value}" if event.data else value


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[str]:
    """Yield lines without their ends; aiohttp's own reader of lines refuses long ones."""
    waiting, size = list[bytes](), 0
    async for chunk in content.iter_any():
        first, *rest = chunk.split(b"\n")
        waiting.append(first)
        for following in rest:
            yield b"".join(waiting).decode("utf-8", "replace").removesuffix("\r")
            waiting, size = [following], 0
        size += len(chunk)
        if size > _MAX_LINE + len(chunk):
            raise aiohttp.ClientPayloadError(f"a line of the stream has more than {_MAX_LINE} bytes")
