"""Where the daemon answers: liveness, readiness, health, and a page for people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape

from aiohttp import web

from ingestd import __version__
from ingestd.daemon.health import Health
from ingestd.errors import ConfigError, StoreError
from ingestd.settings.values import Listen
from ingestd.store import overview

#: How long the status page waits for the database (seconds).
_PATIENCE = 0.8

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@asynccontextmanager
async def serve(health: Health, listen: Listen) -> AsyncIterator[str]:
    """Answer at an address until the block ends; yields the address for people.

    Raises ConfigError when the address is taken or cannot be used.
    """
    runner = web.AppRunner(_app(health), access_log=None)
    await runner.setup()
    watch = asyncio.create_task(health.watch())
    try:
        yield await _listen(runner, listen)
    finally:
        watch.cancel()
        await asyncio.wait([watch])
        await runner.cleanup()
        await health.close()


async def _listen(runner: web.AppRunner, listen: Listen) -> str:
    site: web.BaseSite
    if listen.path is not None:
        site = web.UnixSite(runner, listen.path)
    else:
        site = web.TCPSite(runner, listen.host, listen.port)
    try:
        await site.start()
    except OSError as error:
        raise ConfigError(f"cannot listen at {listen}: {error.strerror}; set listen to another address") from error
    if listen.path is not None:
        return f"unix:{listen.path}"
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _app(health: Health) -> web.Application:
    async def live(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n", headers=_HEADERS)

    async def ready(_request: web.Request) -> web.Response:
        reason = await health.unready()
        return web.Response(text=f"{reason or 'ok'}\n", status=503 if reason else 200, headers=_HEADERS)

    async def report(_request: web.Request) -> web.Response:
        found = await health.report()
        status = 503 if found.status == "fail" else 200
        return web.json_response(
            found.as_json(), status=status, content_type="application/health+json", headers=_HEADERS
        )

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=await _page(health), content_type="text/html", headers=_HEADERS)

    app = web.Application()
    app.router.add_get("/livez", live)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/health", report)
    app.router.add_get("/", page)
    return app


async def _page(health: Health) -> str:
    """Return the status page: the counts of everything, or that the database does not answer."""
    database = health.service.parts.database
    try:
        async with asyncio.timeout(_PATIENCE), database.read() as connection:
            figures = await overview.summary(connection)
    except (TimeoutError, StoreError):
        rows = "<tr><td>the database does not answer</td></tr>"
    else:
        rows = "".join(f"<tr><th>{escape(name)}</th><td>{value}</td></tr>" for name, value in figures.items())
    status = escape((await health.report()).status)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>ingestd: {status}</title>"
        f"<h1>ingestd {escape(__version__)}: {status}</h1><table>{rows}</table></html>"
    )
