"""/feeds/NAME.{atom,rss,json,ninjs}: re-published feeds, and their archives.

A feed reader logs in with a token, as Authorization: Bearer or, since most know nothing else, as the password of HTTP
Basic with any user name.  A public feed needs neither.
"""

import base64
import binascii
from datetime import UTC
from email.utils import format_datetime
from time import monotonic

from aiohttp import web

from ingestd.daemon.http.access import Access
from ingestd.daemon.http.v1.limits import Limits
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.serving import problem_of
from ingestd.daemon.service import Service
from ingestd.delivery.feeds.feeds import Feeds, Served
from ingestd.errors import IngestError, NotFound
from ingestd.model.token import Caller

PATHS = ("/feeds/{name}.{suffix}", "/feeds/{name}/{archive}.{suffix}")
#: Tokens are ASCII; a user name and colons come before.
_MAX_LOGIN = 1_000
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="ingestd feeds", charset="UTF-8"'}


def add_routes(app: web.Application, service: Service, access: Access, public_url: str | None) -> None:
    """Add the routes of feeds; `public_url` is the address of this server that is written into them, if it is set."""
    feeds, limits = Feeds(service.runtime.database), Limits(access.allowance)

    async def show(request: web.Request) -> web.Response:
        try:
            caller = await _caller(access, request)
            if caller is None and not await _is_public(feeds, request):
                # The same for a feed that does not exist: names of feeds are nobody's business.
                return web.Response(text="401: this feed needs a token\n", status=401, headers=_CHALLENGE)
            name = (caller and caller.token) or f"address {request.remote}"
            limits.take(name, monotonic())
            with limits.at_work(name):
                consumer, settings = await feeds.find(request.match_info["name"])
                served = await feeds.document(
                    consumer,
                    settings,
                    request.match_info["suffix"],
                    f"{public_url or f'{request.scheme}://{request.host}'}/feeds",
                    archive=request.match_info.get("archive"),
                    of=caller.filter if caller else "",
                )
        except (Problem, IngestError) as error:
            return problem_of(error, request).response()
        return _response(request, served, is_public=settings.public)

    for path in PATHS:
        app.router.add_get(path, show)


async def _is_public(feeds: Feeds, request: web.Request) -> bool:
    try:
        _, settings = await feeds.find(request.match_info["name"])
    except NotFound:
        return False
    return settings.public


async def _caller(access: Access, request: web.Request) -> Caller | None:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        headers = request.headers.copy()
        headers["Authorization"] = f"Bearer {_password_in(given)}"
        request = request.clone(headers=headers)
    return await access.caller(request)


def _password_in(given: str) -> str:
    """Return the password in the credentials of HTTP Basic (RFC 7617), "" for invalid ones."""
    try:
        login = base64.b64decode(given.strip()[:_MAX_LOGIN], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    password = login.partition(":")[2]
    return password if password.isprintable() else ""


def _response(request: web.Request, served: Served, *, is_public: bool) -> web.Response:
    headers = {
        "ETag": served.etag,
        # Whoever keeps a copy must ask each time: a kill counts at once.
        "Cache-Control": "no-cache" if is_public else "private, no-cache",
        "Last-Modified": format_datetime(served.updated.astimezone(UTC), usegmt=True),
    }
    if served.hub:
        headers["Link"] = f'<{served.hub}>; rel="hub", <{served.self_url}>; rel="self"'
    # If-Modified-Since is not looked at: its seconds cannot tell two changes within one, and the second may be a kill.
    if any(one.value in ("*", served.etag.strip('"')) for one in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = f"{served.media_type}; charset=utf-8"
    return web.Response(body=served.body, headers=headers)
