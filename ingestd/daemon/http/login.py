"""The status page and its login: /, /login and /logout.

Every link and redirect is relative, so the page works below the path prefix of a reverse proxy.
"""

import asyncio
import math
from time import monotonic, time
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from ingestd.daemon.http.access import COOKIE, Access
from ingestd.daemon.http.hosts import host_of
from ingestd.daemon.http.sessions import LIFETIME, Sessions
from ingestd.daemon.pages.rendering import CONTENT_SECURITY_POLICY, FORM_SECURITY_POLICY, render_login
from ingestd.daemon.pages.status_page import StatusPage

log = structlog.get_logger(__name__)

#: Seconds that a browser has to send the form.
_FORM_TIMEOUT = 10.0

_PAGE_HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Frame-Options": "DENY"}
#: With the policy "no-referrer" a browser sends "Origin: null" with a form (Fetch, "append a request Origin header").
_FORM_HEADERS = {
    "Content-Security-Policy": FORM_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


def add_routes(app: web.Application, page: StatusPage, access: Access) -> None:
    """Add the status page and, with a token, its login."""

    async def status_page(request: web.Request) -> web.Response:
        if await access.page_caller(request) is None:
            return _form(401)
        logged_in = access.is_logged_in(request)
        headers = _FORM_HEADERS if logged_in else _PAGE_HEADERS
        return web.Response(text=await page.render(logged_in=logged_in), content_type="text/html", headers=headers)

    app.router.add_get("/", status_page)
    if access.token and access.sessions:
        _add_login(app, access, access.sessions)


def _add_login(app: web.Application, access: Access, sessions: Sessions) -> None:
    async def form(_request: web.Request) -> web.Response:
        return _form(200)

    async def log_in(request: web.Request) -> web.Response:
        if not _is_same_origin(request, access):
            return _form(
                403, "The form was sent from another site. If a proxy changes the Host header, set allowed_hosts."
            )
        if wait := access.failed_logins.wait(request.remote, monotonic()):
            return _form(429, "Too many failed logins; try again in a minute.", retry_after=wait)
        fingerprint = await access.log_in(await _sent_token(request))
        if fingerprint is None:
            access.failed_logins.add(request.remote, monotonic())
            log.warning("login failed", client=request.remote)
            return _form(403, "This is no token that opens the page.")
        log.info("logged in", client=request.remote)
        response = _back()
        cookie = f"{COOKIE}={sessions.new(time(), fingerprint)}; Max-Age={LIFETIME}; HttpOnly; SameSite=Strict"
        response.headers["Set-Cookie"] = cookie + ("; Secure" if _is_https(request) else "")
        return response

    async def log_out(request: web.Request) -> web.Response:
        if not _is_same_origin(request, access):
            raise web.HTTPForbidden
        sessions.end(request.cookies.get(COOKIE, ""), time())
        response = _back()
        response.headers["Set-Cookie"] = f"{COOKIE}=; Max-Age=0; HttpOnly; SameSite=Strict"
        return response

    app.router.add_get("/login", form)
    app.router.add_post("/login", log_in)
    app.router.add_post("/logout", log_out)


def _form(status: int, message: str | None = None, *, retry_after: float | None = None) -> web.Response:
    headers = dict(_FORM_HEADERS)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if retry_after:
        headers["Retry-After"] = str(math.ceil(retry_after))
    return web.Response(text=render_login(message), status=status, content_type="text/html", headers=headers)


def _back() -> web.Response:
    """Return a redirect to the status page, which is in the directory of the form."""
    return web.Response(status=303, headers={"Location": "./"})


async def _sent_token(request: web.Request) -> str:
    """Return the token in the form; empty: there is none."""
    if request.content_type != "application/x-www-form-urlencoded":
        return ""
    try:
        async with asyncio.timeout(_FORM_TIMEOUT):
            return str((await request.post()).get("token", ""))
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error


def _is_same_origin(request: web.Request, access: Access) -> bool:
    """Return whether a form was sent from our own page; browsers send the Origin of every form."""
    origin = urlsplit(request.headers.get("Origin", ""))
    if origin.scheme not in ("http", "https"):
        return False
    # A proxy may replace the Host header by our address: then its name is in `allowed_hosts`.
    return origin.netloc == request.headers.get("Host") or host_of(origin.netloc) in access.allowed_hosts


def _is_https(request: web.Request) -> bool:
    """Return whether the browser uses https: by the origin of the form, or by what the proxy says."""
    return request.headers["Origin"].startswith("https:") or request.headers.get("X-Forwarded-Proto") == "https"
