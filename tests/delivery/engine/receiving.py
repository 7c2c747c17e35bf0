"""A receiver of messages on the loopback, and a kind of consumer that posts to it: what engines are tested with."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web
from pydantic import BaseModel

from ingestd.delivery.kinds.kind import Kind, Opening, Receipt, Rendered, Sender
from ingestd.errors import EndpointDown, EndpointGone, MessageRefused


class ReceiverSettings(BaseModel, extra="forbid"):
    url: str


class PostSender:
    """Posts each message; statuses say what became of it."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def send(self, rendered: Rendered) -> Receipt:
        headers = {"message-id": rendered.message.id}
        try:
            async with self._session.post(self._url, data=rendered.body, headers=headers) as response:
                text = await response.text()
        except aiohttp.ClientError as error:
            raise EndpointDown(str(error)) from error
        if response.status == 410:
            raise EndpointGone("HTTP 410", 410)
        if response.status in (429, 503):
            raise EndpointDown(f"HTTP {response.status}", float(response.headers.get("Retry-After", "1")))
        if response.status >= 400:
            raise MessageRefused(f"HTTP {response.status}", response.status, text)
        return Receipt(status=response.status, excerpt=text)


@asynccontextmanager
async def open_post(opening: Opening) -> AsyncIterator[Sender]:
    async with aiohttp.ClientSession() as session:
        yield PostSender(session, opening.settings.url)


POST = Kind(name="post", settings=ReceiverSettings, open=open_post, concurrency=8)
IN_ORDER = Kind(name="in-order", settings=ReceiverSettings, open=open_post, ordered=True)


class OddSender:
    """Refuses each message, with a status that no column can hold."""

    async def send(self, rendered: Rendered) -> Receipt:
        raise MessageRefused(f"message {rendered.message.id} is odd", 2**80)


@asynccontextmanager
async def open_odd(_: Opening) -> AsyncIterator[Sender]:
    yield OddSender()


ODD = Kind(name="odd", settings=ReceiverSettings, open=open_odd)


def find_test_kind(name: str) -> Kind | None:
    return {"post": POST, "in-order": IN_ORDER, "odd": ODD}.get(name)


@dataclass
class Receiver:
    """Takes messages, and answers each with the status that `answer` returns: 200 if there is none."""

    #: The messages that it took, and all that came, in order.
    taken: list[dict[str, Any]] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], int] = lambda _message: 200
    #: Requests wait for it.
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def __aenter__(self) -> Self:
        self.gate.set()
        self._came = asyncio.Condition()
        app = web.Application()
        app.router.add_post("/", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.gate.set()
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        message = json.loads(await request.read())
        self.seen.append(message)
        async with self._came:
            self._came.notify_all()
        await self.gate.wait()
        status = self.answer(message)
        if status < 300:
            self.taken.append(message)
        async with self._came:
            self._came.notify_all()
        return web.Response(status=status, text=f"answer {status}", headers={"Retry-After": "1"})

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something came that makes the condition true."""
        async with asyncio.timeout(30), self._came:
            await self._came.wait_for(condition)

    def events(self) -> list[tuple[int, str]]:
        """Return what was taken, as (number, kind)."""
        return [(message["seq"], message["kind"]) for message in self.taken]
