"""The web server of an outlet: its feed, its front page, and the pages and photos of its stories."""

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256

from aiohttp import web

from ingestd.demo import rendering
from ingestd.demo.arrivals import Arrivals
from ingestd.demo.outlets import Outlet
from ingestd.demo.stories import Version

#: How long a response stays fresh, in seconds (RFC 9111, 5.2.2.1): the feeds change every second.
MAX_AGE = 1


class Site:
    """A server on a free port of 127.0.0.1.

    `published` returns the stories published so far, newest first; the served content depends on nothing else.  Its
    URLs have the outlet's host if it is `named`, else the address.  Requests are written down in `log`.
    """

    def __init__(
        self, outlet: Outlet, published: Callable[[], tuple[Version, ...]], *, log: Arrivals, named: bool = False
    ) -> None:
        self.outlet = outlet
        #: The URL of the front page, with a slash at the end; empty until `open`.
        self.home = ""
        #: Numbers of requests, of requests for the feed, and of those answered with 304.
        self.requests = 0
        self.polls = 0
        self.not_modified = 0
        self._published = published
        self._host = host_of(outlet.domain) if named else "127.0.0.1"
        self._log = log
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)

    @property
    def feed_url(self) -> str:
        """The URL of the feed."""
        return f"{self.home}feed"

    async def open(self) -> None:
        """Listen."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.home = f"http://{self._host}:{self._runner.addresses[0][1]}/"

    async def close(self) -> None:
        """Close all connections; does nothing when it is not open."""
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._log.middleware(self.outlet.title)])
        application.on_response_prepare.append(self._count)
        application.router.add_get("/", self._front)
        application.router.add_get("/feed", self._feed)
        application.router.add_get("/stories/{slug}", self._page)
        application.router.add_get("/photos/{slug}.svg", self._photo)
        application.router.add_get("/robots.txt", robots_txt)
        return application

    async def _count(self, request: web.Request, response: web.StreamResponse) -> None:
        self.requests += 1
        if request.path == "/feed":
            self.polls += 1
            self.not_modified += response.status == 304

    async def _feed(self, request: web.Request) -> web.Response:
        versions = self._published()
        media_type, body = rendering.feed(self.outlet, versions, self.home)
        return conditional_response(request, body, media_type, _last_modified(versions))

    async def _front(self, request: web.Request) -> web.Response:
        versions = self._published()
        body = rendering.front(self.outlet, versions, self.home)
        return conditional_response(request, body, "text/html", _last_modified(versions))

    async def _page(self, request: web.Request) -> web.Response:
        versions = self._published()
        wanted = _requested(request, versions)
        others = [version for version in versions if version is not wanted]
        body = rendering.article(self.outlet, wanted, others, self.home)
        return conditional_response(request, body, "text/html", _last_modified(versions))

    async def _photo(self, request: web.Request) -> web.Response:
        story = _requested(request, self._published()).story
        return conditional_response(request, rendering.photo(story.slug), "image/svg+xml", story.posted)


def host_of(domain: str) -> str:
    """Return the host that the name server of the newsroom resolves for a publisher."""
    return f"{domain.partition('.')[0]}.localhost"


async def robots_txt(_: web.Request) -> web.Response:
    """Answer with a robots.txt that allows everything."""
    return web.Response(text="User-agent: *\nAllow: /\n")


def _requested(request: web.Request, versions: tuple[Version, ...]) -> Version:
    for version in versions:
        if version.story.slug == request.match_info["slug"]:
            return version
    raise web.HTTPNotFound(text="There is no such story, or not yet.\n")


def _last_modified(versions: tuple[Version, ...]) -> datetime | None:
    return max((version.updated for version in versions), default=None)


def conditional_response(request: web.Request, body: str, media_type: str, changed: datetime | None) -> web.Response:
    """Return a response with the text and its validators, or a 304 when the client has the text already."""
    # Weak: the same tag for every Content-Encoding (RFC 9110, 8.8.1).
    tag = sha256(body.encode()).hexdigest()[:16]
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": f"max-age={MAX_AGE}", "Vary": "Accept-Encoding"}
    if changed:
        headers["Last-Modified"] = format_datetime(changed, usegmt=True)
    if _has_current(request, tag, changed):
        return web.Response(status=304, headers=headers)
    response = web.Response(text=body, content_type=media_type, charset="utf-8", headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


def _has_current(request: web.Request, tag: str, changed: datetime | None) -> bool:
    # If-None-Match takes precedence over If-Modified-Since (RFC 9110, 13.2.2).
    if request.if_none_match is not None:
        return any(known.value in (tag, "*") for known in request.if_none_match)
    since = request.if_modified_since
    return since is not None and changed is not None and changed <= since
