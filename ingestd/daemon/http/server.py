"""The HTTP server of the daemon: health, metrics, API and status page, on a TCP port or a UNIX socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog
from aiohttp import web

from ingestd.daemon.health import Health
from ingestd.daemon.http import feeds, login, websub
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.hosts import host_check
from ingestd.daemon.http.known_tokens import KnownTokens
from ingestd.daemon.http.listener import address_of, listening_socket
from ingestd.daemon.http.v1 import serving
from ingestd.daemon.metrics import Metrics
from ingestd.daemon.pages.status_page import StatusPage
from ingestd.settings import Listen

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)

#: No token is set: the server must not be reachable from other hosts.
NO_TOKEN = Access()

#: Seconds for requests in progress when the server stops; each has its own, lower limit.
_SHUTDOWN_TIMEOUT = 2.0

#: Bytes of the first line of a request: two parameters of 4096 characters, which percent-encoded have 12 bytes each.
_MAX_LINE = 131_072

_HEADERS = {
    "Server": "ingestd",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@asynccontextmanager
async def serve(
    health: Health, listen: Listen, access: Access = NO_TOKEN, *, public_url: str | None = None
) -> AsyncIterator[str]:
    """Serve at `listen`; yields the address of the status page.  `public_url` is the one that others reach it by.

    Raises ConfigError when the address cannot be used, or other hosts can reach it and `access` neither has a token nor
    is `listen_open`; AddressInUse when another process listens there.
    """
    page = StatusPage(health)
    app = application(health, page, listen, access, public_url=public_url)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT, max_line_size=_MAX_LINE)
    await runner.setup()
    watch = asyncio.create_task(health.watch())
    try:
        with listening_socket(listen, local_only=not (access.token or access.listen_open)) as listener:
            await web.SockSite(runner, listener).start()
            try:
                yield address_of(listen, listener)
            finally:
                await runner.cleanup()
    finally:
        watch.cancel()
        await asyncio.gather(watch, runner.cleanup(), health.close(), page.close(), return_exceptions=True)


def application(
    health: Health, page: StatusPage, listen: Listen, access: Access = NO_TOKEN, *, public_url: str | None = None
) -> web.Application:
    """Return the application that serves health, metrics, status page, API, inboxes, feeds and WebSub callbacks."""
    metrics = Metrics(health)
    tokens = KnownTokens(health.service.runtime.database)
    access = replace(access, tokens=tokens)

    async def live(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def ready(_request: web.Request) -> web.Response:
        reason = await health.unready_reason()
        return web.Response(text=reason or "ok", status=503 if reason else 200)

    async def report(_request: web.Request) -> web.Response:
        current = await health.report()
        return web.Response(
            body=json.dumps(current.as_json(), indent=1).encode(),
            content_type="application/health+json",
            status=503 if current.status == "fail" else 200,
        )

    async def metrics_text(request: web.Request) -> web.Response:
        if not access.metrics_open and await access.metrics_caller(request) is None:
            reason = "401: a token is required (Authorization: Bearer TOKEN); metrics_open = true opens /metrics"
            return web.Response(text=reason, status=401, headers={"WWW-Authenticate": "Bearer"})
        body, media_type = await metrics.render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": media_type})

    app = web.Application(
        middlewares=[host_check(listen, access.allowed_hosts), _plain_errors, serving.problem_middleware()]
    )
    app.on_response_prepare.append(_add_headers)

    async def end_streams(_app: web.Application) -> None:
        await health.service.streams.close()

    app.on_shutdown.append(end_streams)

    async def close(_app: web.Application) -> None:
        await tokens.close()

    app.on_cleanup.append(close)

    for path, handler in (
        ("/livez", live), ("/readyz", ready), ("/health", report), ("/metrics", metrics_text),
    ):  # fmt: skip
        app.router.add_get(path, handler)
    login.add_routes(app, page, access)
    serving.add_routes(app, health.service, access)
    feeds.add_routes(app, health.service, access, public_url)
    if health.service.subscriber:
        websub.add_routes(app, health.service, health.service.subscriber)
    return app


@web.middleware
async def _plain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer an unexpected exception with a plain 500; its details are for the log only."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception:
        # The route, not the path: the path of a hub contains its secret token.
        resource = request.match_info.route.resource
        log.exception("request failed", path=resource.canonical if resource else "unknown")
        return web.Response(text="500: Internal Server Error", status=500)


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update({name: value for name, value in _HEADERS.items() if name not in response.headers})
    response.headers["Server"] = "ingestd"
