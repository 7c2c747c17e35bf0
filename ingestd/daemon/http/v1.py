"""What programs may ask about sources and records: /v1/sources, /v1/coverage, /v1/why, /v1/events.

They name sources, so they answer only those who have the token, or, where there is none, this host alone.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.daemon.service import Service
from ingestd.errors import StoreError, UsageError
from ingestd.json import to_json
from ingestd.pipeline.why import why
from ingestd.store.events import event_log
from ingestd.store.operations import overview
from ingestd.store.polls import gaps, sources
from ingestd.times import parse_iso, utc

log = structlog.get_logger(__name__)

#: Events in one answer, unless `limit` asks for fewer or more, and the most it may ask for.
_EVENTS, _MOST_EVENTS = 100, 1000

Answer = Callable[[AsyncConnection, web.Request], Awaitable[object]]


async def troubled(connection: AsyncConnection, _request: web.Request) -> object:
    """Return the sources that are not simply ok, the first 1,000 by number."""
    return await overview.troubled_sources(connection)


async def covered(connection: AsyncConnection, request: web.Request) -> object:
    """Return what is complete, of one source (`source`: number or URL) or all, from `since` until `until`."""
    name = request.query.get("source")
    source_id = (await sources.find(connection, name)).id if name else None
    since, until = _moment(request, "since"), _moment(request, "until")
    return await gaps.coverage(connection, source_id, since=since, until=until)


async def explained(connection: AsyncConnection, request: web.Request) -> object:
    """Return every decision about an article's `url`."""
    if not (url := request.query.get("url")):
        raise UsageError("url is missing")
    return await why(connection, url)


async def happened(connection: AsyncConnection, request: web.Request) -> object:
    """Return the events after number `after` (0), at most `limit`, of each `kind` named, or of all.

    Beside them where to read on (`after`) and the number of the last event there is (`newest`).
    """
    limit = _number(request, "limit", _EVENTS)
    if not 1 <= limit <= _MOST_EVENTS:
        raise UsageError(f"limit must be from 1 to {_MOST_EVENTS}")
    kinds = event_log.kinds_named(request.query.getall("kind", ()))
    return asdict(await event_log.after(connection, _number(request, "after", 0), limit=limit, kinds=kinds))


ANSWERS: tuple[tuple[str, Answer], ...] = (
    ("/v1/sources", troubled),
    ("/v1/coverage", covered),
    ("/v1/why", explained),
    ("/v1/events", happened),
)


def add_routes(app: web.Application, service: Service, token: str | None) -> None:
    """Add what answers under /v1."""
    for path, answer in ANSWERS:
        app.router.add_get(path, _handler(service, token, answer))


def _handler(service: Service, token: str | None, answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if not may_ask(request, token):
            return refused(token, "api_token")
        try:
            _look_at(request)
            async with service.runtime.database.read() as connection:
                return answered(await answer(connection, request))
        except UsageError as error:
            return answered({"error": str(error)}, status=400)
        except StoreError as error:
            # What a driver says is for the log.
            log.warning("no answer", path=request.path, error=str(error))
            return answered({"error": "the database cannot be used; the log says why"}, status=503)

    return handle


def _look_at(request: web.Request) -> None:
    """Raise UsageError for a query with a NUL, which PostgreSQL takes for no text."""
    for name, value in request.query.items():
        if "\0" in name + value:
            raise UsageError("a query must be text, and this one has a NUL")


def refused(token: str | None, setting: str) -> web.Response:
    """Return what those are told who may not ask; `setting` is where the token is from."""
    if token:
        return answered({"error": "a token is needed"}, status=401, headers={"WWW-Authenticate": "Bearer"})
    return answered({"error": f"only this host may ask, without {setting}"}, status=403)


def may_ask(request: web.Request, token: str | None) -> bool:
    """Say whether a request has the token, or, where there is none, comes from this host."""
    if token:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode(errors="surrogateescape"), token.encode()
        )
    # A page of a stranger that a browser on this host shows may name us by a name of its own (DNS rebinding).
    return _is_here(request.remote) and _is_here(request.host.rpartition(":")[0].strip("[]") or request.host)


def _is_here(host: str | None) -> bool:
    """Say whether an address is this host's own; a UNIX socket has none, and only this host can have it."""
    if not host or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    # No database has more than 18 digits of anything.
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UsageError(f"{name} is no number; write it as in 1500")
    return int(text)


def _moment(request: web.Request, name: str) -> datetime | None:
    text = request.query.get(name)
    # In a query, "+" is a space: "2026-01-31T12:00:00+01:00" is often sent without its escape.
    when = parse_iso(text.replace(" ", "+")) if text else None
    if text and when is None:
        raise UsageError(f"{name} is no time; write it as in 2026-01-31T09:00:00Z")
    return utc(when) if when else None


def answered(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return an answer in JSON."""
    return web.Response(text=to_json(value, indent=1), status=status, content_type="application/json", headers=headers)
