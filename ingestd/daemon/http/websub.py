"""/websub/TOKEN, the callback for WebSub hubs: the only path meant to be public."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from ingestd.daemon.service import Service
from ingestd.errors import Busy, IngestError, StoreError
from ingestd.pipeline.websub import Subscriber
from ingestd.store.outages import log_failure

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: When a hub may retry (seconds).
_RETRY_LATER = {"Retry-After": "60"}

PATH = "/websub"


def add_routes(app: web.Application, service: Service, subscriber: Subscriber) -> None:
    """Add the callback routes."""

    async def verify(request: web.Request) -> web.Response:
        challenge = await subscriber.verify(request.match_info["token"], request.query)
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
        done = await subscriber.receive(
            one,
            body=body,
            signature=request.headers.get("X-Hub-Signature"),
            content_type=request.headers.get("Content-Type"),
        )
        service.count_push(done)
        # The same response for a wrong signature: it must not tell a forger whether a guess was right (section 8).
        return web.Response(status=202)

    app.router.add_get(PATH + "/{token}", _retry_on_failure(verify), allow_head=False)
    app.router.add_post(PATH + "/{token}", _retry_on_failure(take))


async def _read(request: web.Request, limit: int) -> bytes | None:
    chunks, size = [], 0
    async for chunk in request.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            return None
    return b"".join(chunks)


def _retry_on_failure(handler: Handler) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if "\0" in request.match_info["token"]:  # PostgreSQL accepts no NUL in text, and no token of ours has one
            return web.Response(text="404: Not Found", status=404)
        try:
            return await handler(request)
        except Busy as error:
            return web.Response(text=f"503: {error}", status=503, headers=_RETRY_LATER)
        except IngestError as error:
            if not (error.local or isinstance(error, StoreError)):
                raise
            # The driver's error is for the log only.
            log_failure(log, "hub request failed", error)
            return web.Response(text="503: Service Unavailable", status=503, headers=_RETRY_LATER)

    return handle
