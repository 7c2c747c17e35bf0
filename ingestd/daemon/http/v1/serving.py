"""Serve the routes: check who asks and what for, call the handler, write its answer or the problem."""

import base64
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from time import monotonic

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from ingestd.daemon.http.access import Access
from ingestd.daemon.http.v1 import problems
from ingestd.daemon.http.v1.limits import Limits
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.reading import body_of, path_of, query_of
from ingestd.daemon.http.v1.resources.description import TABLE
from ingestd.daemon.http.v1.resources.inbox import RECEIVER, Receiver
from ingestd.daemon.http.v1.route import Call, Reply, Route
from ingestd.daemon.http.v1.routes import ROUTES
from ingestd.daemon.service import Service
from ingestd.errors import Busy, IngestError, NameTaken, NotFound, StoreError, UsageError
from ingestd.json import to_json
from ingestd.model.token import ROLES, Caller
from ingestd.store.events.event_log import CursorExpired
from ingestd.store.outages import log_failure

log = structlog.get_logger(__name__)

#: When a client may try again (seconds): while something is in use, and while the database is unavailable.
_RETRY_SOON, _RETRY_LATER = 5, 60

#: A client must ask whether the answer changed, and no cache that others use may keep it.
_CACHE_CONTROL = "private, no-cache"


def add_routes(app: web.Application, service: Service, access: Access) -> None:
    """Add the routes of the table."""
    app[TABLE] = ROUTES
    app[RECEIVER] = Receiver(service)
    limits = Limits(access.allowance)
    for route in ROUTES:
        handler = _handler(service, access, limits, route)
        if route.method == "GET":
            app.router.add_get(route.path, handler, allow_head=True)
        else:
            app.router.add_route(route.method, route.path, handler)


def _handler(
    service: Service, access: Access, limits: Limits, route: Route
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            caller = await _allowed(route, access, request)
            with _limited(route, limits, caller, request):
                return await answer(request, caller)
        except (Problem, IngestError) as error:
            return problem_of(error, request).response()

    async def answer(request: web.Request, caller: Caller) -> web.StreamResponse:
        query, withheld = query_of(route, request)
        call = Call(
            request=request,
            service=service,
            caller=caller,
            query=query,
            path=path_of(route, request),
            body=await body_of(route, request),
            include_withheld=withheld and _may_see_withheld(caller, request),
        )
        return _response(route, request, await route.handler(call))

    return handle


async def _allowed(route: Route, access: Access, request: web.Request) -> Caller:
    """Return who asks; raises Problem when the route is not for that caller."""
    caller = await _caller(route, access, request)
    if route.role in ROLES and not caller.has(route.role):
        raise Problem(403, f"the token {caller.token!r} has the role {caller.role}; this needs {route.role}")
    if caller.filter and not route.filtered:
        raise Problem(403, f"the token {caller.token!r} has a filter; this needs a token without one")
    if route.method != "GET" and "Origin" in request.headers and "Authorization" not in request.headers:
        # A foreign page in a browser can send a request, though it cannot read the answer.
        raise Problem(403, "a web page may change nothing here without a token in the header Authorization")
    return caller


def _limited(route: Route, limits: Limits, caller: Caller, request: web.Request) -> AbstractContextManager[None]:
    """Count a request against the limits of its caller; raises Problem."""
    if route.role not in ROLES:  # the inboxes have limits of their own, and the description costs nothing
        return nullcontext()
    name = caller.token or f"address {request.remote}"
    limits.take(name, monotonic())
    return nullcontext() if route.waits else limits.at_work(name)


async def _caller(route: Route, access: Access, request: web.Request) -> Caller:
    if route.role == "open":
        return Caller(token=None, role="read")
    is_inbox = route.role == "inbox"
    caller = access.inbox_caller(request) if is_inbox else await access.caller(request)
    if caller is not None:
        return caller
    if "Authorization" in request.headers:
        raise Problem(401, "the token is not valid here: it may have expired or been revoked")
    if (access.inbox_token or access.token) if is_inbox else await access.needs_token():
        raise Problem(401, "a token is required; send Authorization: Bearer TOKEN")
    setting = "inbox_token" if is_inbox else "api_token"
    raise Problem(403, f"without {setting}, only requests from this host are allowed")


def _may_see_withheld(caller: Caller, request: web.Request) -> bool:
    # Without a token a request is only known to come from this host, whose users may not all read them.
    if caller.token is None:
        raise Problem(403, "include_withheld needs a token: set api_token, or add one with `ingestd tokens add`")
    if not caller.has("admin"):
        raise Problem(403, f"include_withheld needs the role admin; the token {caller.token!r} has {caller.role}")
    if caller.filter:  # what is withheld has no content that a filter could look at
        raise Problem(403, f"include_withheld needs a token without a filter; {caller.token!r} has one")
    log.warning("withheld content shown", path=request.path, client=request.remote, token=caller.token)
    return True


def _response(route: Route, request: web.Request, answer: object) -> web.StreamResponse:
    if isinstance(answer, web.StreamResponse):
        return answer
    reply = answer if isinstance(answer, Reply) else Reply(value=answer)
    status, headers = reply.status or route.status, dict(reply.headers)
    if status == 204:
        return web.Response(status=status, headers=headers)
    body = to_json(reply.value, indent=1).encode() if reply.body is None else reply.body
    if route.cacheable and status == 200:
        headers |= {"ETag": _etag(body), "Cache-Control": _CACHE_CONTROL}
        # A weak comparison, as RFC 9110 (13.1.2) wants it: proxies that compress mark the tag as weak.
        if any(one.value in ("*", headers["ETag"].strip('"')) for one in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
    headers["Content-Type"] = reply.media_type or route.media_types[0]
    if headers["Content-Type"] in ("application/json", "text/html"):
        headers["Content-Type"] += "; charset=utf-8"
    return web.Response(body=body, status=status, headers=headers)


def _etag(body: bytes) -> str:
    return f'"{base64.urlsafe_b64encode(sha256(body).digest()[:18]).decode()}"'


def problem_of(error: Problem | IngestError, request: web.Request) -> Problem:
    """Return the problem that an error on purpose is to a client."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, CursorExpired):
        return Problem(410, str(error), kind="cursor-expired", **error.details)
    if isinstance(error, UsageError):
        status = 404 if isinstance(error, NotFound) else 409 if isinstance(error, NameTaken) else 400
        return Problem(status, problems.with_requests(str(error)))
    if isinstance(error, StoreError):
        # The driver's error is for the log only.
        log_failure(log, "request failed", error, path=request.path)
        return Problem(503, "the database is unavailable; see the log", retry_after=_RETRY_LATER)
    if isinstance(error, Busy) or error.local:
        return Problem(503, str(error), retry_after=_RETRY_SOON)
    return Problem(422, str(error), error=type(error).__name__)


def problem_middleware() -> Middleware:
    """Return a middleware that answers with a problem document where no route of /v1 does, as for an unknown path."""

    @web.middleware
    async def answer(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not request.path.startswith("/v1/"):
            return await handler(request)
        try:
            return await handler(request)
        except web.HTTPMethodNotAllowed as error:
            methods = ", ".join(sorted(error.allowed_methods))
            detail = f"{request.method} is not possible here; use {methods}"
            return problems.response(405, detail, headers={"Allow": methods})
        except web.HTTPNotFound:
            return problems.response(404, "there is no such path; /openapi.json lists all")
        except web.HTTPException as error:
            return problems.response(error.status, error.reason)
        except Exception:
            resource = request.match_info.route.resource
            log.exception("request failed", path=resource.canonical if resource else "unknown")
            return problems.response(500, "the request failed by an error of ingestd; see the log")

    return answer
