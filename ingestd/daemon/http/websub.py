"""Where hubs call: /websub/TOKEN, the only path that strangers are meant to reach."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from ingestd.daemon.service import Service
from ingestd.errors import Busy, StoreError
from ingestd.pipeline.websub import Subscriber

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: What a hub should wait before it tries again (seconds).
_LATER = {"Retry-After": "60"}

PATH = "/websub"


def add_routes(app: web.Application, service: Service, subscriber: Subscriber) -> None:
    """Add what answers hubs."""

    async def verify(request: web.Request) -> web.Response:
        challenge = await subscriber.answer(request.match_info["token"], request.query)
        if challenge is None:
            return web.Response(text="404: Not Found", status=404)
        return web.Response(text=challenge)

    async def take(request: web.Request) -> web.Response:
        one = await subscriber.find(request.match_info["token"])
        if one is None:
            return web.Response(text="410: Gone", status=410)  # the hub ends the subscription (section 7)
        body = await _read(request, service.runtime.max_body)
        if body is None:
            return web.Response(text="413: Content Too Large", status=413)
        done = await subscriber.take(
            one,
            body=body,
            signature=request.headers.get("X-Hub-Signature"),
            content_type=request.headers.get("Content-Type"),
        )
        service.pushed(done)
        # Nobody who guesses at signatures learns from the answer whether he was right (section 8).
        return web.Response(status=202)

    app.router.add_get(PATH + "/{token}", _or_later(verify), allow_head=False)
    app.router.add_post(PATH + "/{token}", _or_later(take))


async def _read(request: web.Request, most: int) -> bytes | None:
    pieces, size = [], 0
    async for piece in request.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > most:
            return None
    return b"".join(pieces)


def _or_later(handler: Handler) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if "\0" in request.match_info["token"]:  # PostgreSQL takes it for no text, and we gave out none with it
            return web.Response(text="404: Not Found", status=404)
        try:
            return await handler(request)
        except Busy as error:
            return web.Response(text=f"503: {error}", status=503, headers=_LATER)
        except StoreError as error:
            # What a driver says is for the log.
            log.warning("hub has to wait", error=str(error))
            return web.Response(text="503: Service Unavailable", status=503, headers=_LATER)

    return handle
