"""Where the daemon answers: health for programs, a page for people, on a TCP port or a UNIX socket."""

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
from ingestd.errors import ConfigError
from ingestd.settings import Listen

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)

#: Seconds an answer under way may still take when we stop: every one has its own limit below that.
_LAST_ANSWERS = 2.0

#: Seconds the one at the other end of a UNIX socket has to take a connection.
_ANYBODY = 1.0

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
    """Answer at `listen`; yields the address for people.  `token` is what /v1 asks for, `inbox_token` its inboxes.

    Raises ConfigError when nobody can listen there, or another process does.
    """
    page = StatusPage(health)
    app = application(health, page, token=token, inbox_token=inbox_token)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_ANSWERS)
    await runner.setup()
    watch = asyncio.create_task(health.watch())
    try:
        with _opened(listen) as listener:
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
    """Return what answers: GET and HEAD at a few paths, hubs and agencies at theirs, 404 and 405 elsewhere."""
    metrics = Metrics(health)

    async def live(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def ready(_request: web.Request) -> web.Response:
        reason = await health.unready()
        return web.Response(text=reason or "ok", status=503 if reason else 200)

    async def report(_request: web.Request) -> web.Response:
        found = await health.report()
        return web.Response(
            body=json.dumps(found.as_json(), indent=1).encode(),
            content_type="application/health+json",
            status=503 if found.status == "fail" else 200,
        )

    async def measured(request: web.Request) -> web.Response:
        body, media_type = await metrics.render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": media_type})

    async def shown(_request: web.Request) -> web.Response:
        return web.Response(text=await page.render(), content_type="text/html", headers=_PAGE_HEADERS)

    app = web.Application(middlewares=[_plain_errors])
    app.on_response_prepare.append(_add_headers)
    for path, handler in (
        ("/livez", live), ("/readyz", ready), ("/health", report), ("/metrics", measured), ("/", shown),
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
    """Answer a bug of ours with a plain 500; what it was is in the log, and nobody else's business."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception:
        # Not the path itself: a hub's has the token that nobody else may know.
        resource = request.match_info.route.resource
        log.exception("answer failed", path=resource.canonical if resource else "unknown")
        return web.Response(text="500: Internal Server Error", status=500)


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


def _address(listen: Listen, listener: socket.socket) -> str:
    if listen.path is not None:
        return str(listen)
    return f"http://{Listen(host=listen.host, port=listener.getsockname()[1])}/"


@contextmanager
def _opened(listen: Listen) -> Iterator[socket.socket]:
    """Open a socket that is bound to where we listen, and close it; a UNIX socket's name goes with it."""
    try:
        listener = _bound_path(listen.path) if listen.path is not None else _bound_port(listen)
    except OSError as error:
        busy = error.errno == errno.EADDRINUSE
        reason = "another process listens there" if busy else error.strerror or str(error)
        raise ConfigError(f"listen: {listen} cannot be used: {reason}") from error
    with listener:
        yield listener
        if listen.path is not None:
            listen.path.unlink(missing_ok=True)


def _bound_port(listen: Listen) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # Connections of our predecessor that are still closing must not keep us from starting.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()  # two may bind one port, but only one may listen
    except OSError:
        listener.close()
        raise
    return listener


def _bound_path(path: Path) -> socket.socket:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        # Nobody can connect before we listen, so nobody gets in before this.
        path.chmod(0o660)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens at any more; raises OSError when somebody does, or when it is none."""
    if not path.exists():
        return
    if not path.is_socket():
        raise OSError(errno.EEXIST, "there is a file, which is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as visitor:
        visitor.settimeout(_ANYBODY)
        try:
            visitor.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except (BlockingIOError, TimeoutError):  # alive, and very busy
            pass
    raise OSError(errno.EADDRINUSE, "in use")
