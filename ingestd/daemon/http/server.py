"""The HTTP server of the daemon: health, metrics, API and status page, on a TCP port or a UNIX socket."""

import asyncio
import errno
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import structlog
from aiohttp import web

from ingestd.daemon.health import Health
from ingestd.daemon.http import inbox, v1, websub
from ingestd.daemon.metrics import Metrics
from ingestd.daemon.pages.rendering import CONTENT_SECURITY_POLICY
from ingestd.daemon.pages.status_page import StatusPage
from ingestd.errors import AddressInUse, ConfigError
from ingestd.settings import Listen

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)

#: Seconds for requests in progress when the server stops; each has its own, lower limit.
_SHUTDOWN_TIMEOUT = 2.0

#: Seconds a process listening at a UNIX socket has to accept a connection.
_CONNECT_TIMEOUT = 1.0

_HEADERS = {
    "Server": "ingestd",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@asynccontextmanager
async def serve(
    health: Health, listen: Listen, *, token: str | None = None, inbox_token: str | None = None
) -> AsyncIterator[str]:
    """Serve at `listen`; yields the address of the status page.  /v1 needs `token`, its inboxes `inbox_token`.

    Raises ConfigError when the address cannot be used, AddressInUse when another process listens there.
    """
    page = StatusPage(health)
    app = application(health, page, token=token, inbox_token=inbox_token)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT)
    await runner.setup()
    watch = asyncio.create_task(health.watch())
    try:
        with _listening_socket(listen) as listener:
            await web.SockSite(runner, listener).start()
            try:
                yield _address(listen, listener)
            finally:
                await runner.cleanup()
    finally:
        watch.cancel()
        await asyncio.gather(watch, runner.cleanup(), health.close(), page.close(), return_exceptions=True)


def application(
    health: Health, page: StatusPage, *, token: str | None = None, inbox_token: str | None = None
) -> web.Application:
    """Return the application that serves health, metrics, status page, API, inboxes and WebSub callbacks."""
    metrics = Metrics(health)

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
        body, media_type = await metrics.render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": media_type})

    async def status_page(_request: web.Request) -> web.Response:
        return web.Response(text=await page.render(), content_type="text/html", headers=_PAGE_HEADERS)

    app = web.Application(middlewares=[_plain_errors])
    app.on_response_prepare.append(_add_headers)
    for path, handler in (
        ("/livez", live), ("/readyz", ready), ("/health", report), ("/metrics", metrics_text), ("/", status_page),
    ):  # fmt: skip
        app.router.add_get(path, handler)
    v1.add_routes(app, health.service, token)
    inbox.add_routes(app, health.service, inbox_token or token)
    if health.service.subscriber:
        websub.add_routes(app, health.service, health.service.subscriber)
    return app


_PAGE_HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Frame-Options": "DENY"}


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
    response.headers.update(_HEADERS)


def _address(listen: Listen, listener: socket.socket) -> str:
    if listen.path is not None:
        return str(listen)
    return f"http://{Listen(host=listen.host, port=listener.getsockname()[1])}/"


@contextmanager
def _listening_socket(listen: Listen) -> Iterator[socket.socket]:
    """Open a socket that listens at `listen`, and close it; the file of a UNIX socket is removed."""
    try:
        listener = _bind_path(listen.path) if listen.path is not None else _bind_port(listen)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(
                f"cannot listen at {listen}: another process listens there; end it or set listen to another address"
            ) from error
        raise ConfigError(f"listen: cannot bind {listen}: {error.strerror or error}") from error
    with listener:
        yield listener
        if listen.path is not None:
            listen.path.unlink(missing_ok=True)


def _bind_port(listen: Listen) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # Closing connections of the previous process must not prevent a start.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()  # with SO_REUSEADDR two may bind one port, but only one may listen
    except OSError:
        listener.close()
        raise
    return listener


def _bind_path(path: Path) -> socket.socket:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        # Before `listen`, so that no connection precedes it.
        path.chmod(0o660)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path) -> None:
    """Remove the socket file of a dead process; raises OSError when a process listens there or it is not a socket."""
    if not path.exists():
        return
    if not path.is_socket():
        raise OSError(errno.EEXIST, "the file is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_CONNECT_TIMEOUT)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except (BlockingIOError, TimeoutError):  # alive but very busy
            pass
    raise OSError(errno.EADDRINUSE, "in use")
