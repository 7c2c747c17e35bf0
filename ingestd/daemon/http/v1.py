"""The read API on sources and records: /v1/sources, /v1/coverage, /v1/why, /v1/events.

The responses name sources, so a request needs the token or, when none is set, must come from this host.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.daemon.http.access import Access, json_response, unauthorised
from ingestd.daemon.service import Service
from ingestd.errors import NotFound, StoreError, UsageError
from ingestd.pipeline.why import why
from ingestd.store.events import event_log
from ingestd.store.operations import overview
from ingestd.store.outages import log_failure
from ingestd.store.polls import gaps, sources
from ingestd.times import parse_iso, utc

log = structlog.get_logger(__name__)

#: Events in one response: the default of `limit`, and its maximum.
_DEFAULT_EVENTS, _MAX_EVENTS = 100, 1000

#: Sources in one response: the default of `limit`, and its maximum.
_MAX_SOURCES = 1000

Query = Callable[[AsyncConnection, web.Request], Awaitable[object]]


async def problem_sources(connection: AsyncConnection, request: web.Request) -> object:
    """Return the sources whose condition is not ok or that are overdue, by number: at most `limit` after `after`.

    A response with fewer than `limit` is the last one.
    """
    limit = _limit_parameter(request, _MAX_SOURCES, _MAX_SOURCES)
    after, late = _integer_parameter(request, "after", 0), datetime.now(UTC) - timedelta(seconds=overview.OVERDUE)
    return await overview.sources_with_problems(connection, late=late, after=after, limit=limit)


async def coverage(connection: AsyncConnection, request: web.Request) -> object:
    """Return the coverage of one source (`source`: number or URL) or of all, from `since` until `until`."""
    name = request.query.get("source")
    source_id = (await sources.find(connection, name)).id if name else None
    since, until = _time_parameter(request, "since"), _time_parameter(request, "until")
    return await gaps.coverage(connection, source_id, since=since, until=until)


async def decisions(connection: AsyncConnection, request: web.Request) -> object:
    """Return all decisions about an article's `url`."""
    if not (url := request.query.get("url")):
        raise UsageError("url is missing")
    return await why(connection, url, include_withheld=_include_withheld(request))


async def events(connection: AsyncConnection, request: web.Request) -> object:
    """Return at most `limit` events after number `after` (default 0), of the given `kind`s or of all.

    The response also has the number to continue from (`after`), that of the latest event (`newest`), and the `epoch`
    of the log; a request may give the epoch that its number is from.
    """
    limit = _limit_parameter(request, _DEFAULT_EVENTS, _MAX_EVENTS)
    kinds = event_log.parse_kinds(request.query.getall("kind", ()))
    return asdict(
        await event_log.read_after(
            connection,
            _integer_parameter(request, "after", 0),
            epoch=request.query.get("epoch"),
            limit=limit,
            kinds=kinds,
            include_withheld=_include_withheld(request),
        )
    )


ROUTES: tuple[tuple[str, Query], ...] = (
    ("/v1/sources", problem_sources),
    ("/v1/coverage", coverage),
    ("/v1/why", decisions),
    ("/v1/events", events),
)


def add_routes(app: web.Application, service: Service, access: Access) -> None:
    """Add the routes under /v1."""
    for path, query in ROUTES:
        app.router.add_get(path, _handler(service, access, query))


def _handler(service: Service, access: Access, query: Query) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if not access.may_read(request):
            return unauthorised(access.token, "api_token")
        try:
            _reject_nul(request)
            if _include_withheld(request):
                # Without a token a request is only known to come from this host, whose users may not all read them.
                if not access.token:
                    return json_response({"error": "include_withheld needs a token: set api_token"}, status=403)
                log.warning("withheld content shown", path=request.path, client=request.remote)
            async with service.runtime.database.read() as connection:
                return json_response(await query(connection, request))
        except event_log.CursorExpired as error:
            return json_response({"error": str(error), **error.details}, status=410)
        except UsageError as error:
            return json_response({"error": str(error)}, status=404 if isinstance(error, NotFound) else 400)
        except StoreError as error:
            # The driver's error is for the log only.
            log_failure(log, "request failed", error, path=request.path)
            return json_response({"error": "the database is unavailable; see the log"}, status=503)

    return handle


def _include_withheld(request: web.Request) -> bool:
    """Return whether the request asks for what is withheld or killed; raises UsageError."""
    text = request.query.get("include_withheld", "false")
    if text not in ("true", "false"):
        raise UsageError("include_withheld must be true or false")
    return text == "true"


def _reject_nul(request: web.Request) -> None:
    """Raise UsageError for a query with a NUL: PostgreSQL accepts none in text."""
    for name, value in request.query.items():
        if "\0" in name + value:
            raise UsageError("the query contains a NUL character")


def _integer_parameter(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    # 18 digits fit the database's 64-bit integers.
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UsageError(f"{name} is not a number; write it as in 1500")
    return int(text)


def _limit_parameter(request: web.Request, default: int, maximum: int) -> int:
    limit = _integer_parameter(request, "limit", default)
    if not 1 <= limit <= maximum:
        raise UsageError(f"limit must be from 1 to {maximum}")
    return limit


def _time_parameter(request: web.Request, name: str) -> datetime | None:
    text = request.query.get(name)
    # A "+" in a query decodes to a space: "2026-01-31T12:00:00+01:00" is often sent without escaping.
    when = parse_iso(text.replace(" ", "+")) if text else None
    if text and when is None:
        raise UsageError(f"{name} is not a time; write it as in 2026-01-31T09:00:00Z")
    return utc(when) if when else None
