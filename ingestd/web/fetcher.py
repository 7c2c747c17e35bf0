"""GET a URL politely: conditionally, in its site's turn, within a time and a size, and never where we must not.

What a request may do beyond that is decided next door: `robots` says what a site lets us read, `breakers` whether it
is left alone, `throttle` whether a refusal means that we ask too much.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from socket import socket
from ssl import SSLContext
from time import monotonic
from types import TracebackType
from typing import Self

import aiohttp

from ingestd.errors import BrokenReply, FetchError, Gone, Held, Offline, Refused, TooManyRedirects, Unreachable
from ingestd.model.reply import Reply
from ingestd.model.source import NO_VALIDATORS, Validators
from ingestd.web.body.bodies import Bodies
from ingestd.web.body.decoding import ACCEPT_ENCODING
from ingestd.web.body.memory_budget import Reservation
from ingestd.web.body.spool import Spool
from ingestd.web.connection import connections
from ingestd.web.connection.dial import dial
from ingestd.web.connection.guard import Guard
from ingestd.web.connection.outage import OutageDetector
from ingestd.web.connection.resolver import open_resolver
from ingestd.web.logins import Login, origin_at
from ingestd.web.politeness.breakers import Breakers
from ingestd.web.politeness.pacing import OnHold, Pacing
from ingestd.web.politeness.robots import LARGEST, Memory, Robots
from ingestd.web.politeness.throttle import Throttle
from ingestd.web.replies import header, reply_of
from ingestd.web.target import Target

ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
ACCEPT_ROBOTS = "text/plain, */*;q=0.1"

MAX_REDIRECTS = 10

# Connections in use at the same time; each site's turns see to the rest.
_CONNECTIONS = 1000
# Bytes of a connection that wait to be read; at twice as many it is told to wait.
_UNREAD = 32 * 1024
# Seconds until a connection is made or never will be.
_CONNECT = 15.0

# Seconds an unused connection stays open, and an address is believed.
_KEEPALIVE, _DNS_TTL = 30.0, 60

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_SAME_METHOD = frozenset({307, 308})


def user_agent(version: str, contact: str | None) -> str:
    """Return how we introduce ourselves, as in "ingestd/1.2.3 (+https://example.org/bot)"."""
    return f"ingestd/{version} (+{contact})" if contact else f"ingestd/{version}"


class Fetcher:
    """An HTTP client that any publisher can live with; an async context manager.

    `timeout` is in seconds and for a whole GET, redirects and body included, without the waiting for turns.
    `max_body` is in bytes, decoded or not.  `allow_networks` may be connected to although they are private.
    `nameservers` ("HOST[:PORT]") are asked instead of the system's.  `logins` are one an origin, for GETs to it alone.
    `tls` says whose certificates are believed, None for the system's.
    `robots_memory` keeps what robots.txt said.  `folder` is where a large body lies until there is `room` for it, None
    for the system's place.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        timeout: float = 60.0,
        max_body: int = 16 * 2**20,
        allow_networks: Sequence[IPv4Network | IPv6Network] = (),
        nameservers: Sequence[str] = (),
        logins: Sequence[Login] = (),
        tls: SSLContext | None = None,
        pacing: Pacing,
        robots_memory: Memory | None = None,
        folder: Path | None = None,
    ) -> None:
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": ACCEPT_ENCODING}
        self._timeout = timeout
        self._bodies = Bodies(max_body, folder)
        self._guard = Guard(allow_networks)
        self._nameservers = nameservers
        self._logins = {login.origin: login for login in logins}
        self._tls = tls
        self._pacing = pacing
        self._throttle = Throttle(pacing)
        self.memory_budget = self._bodies.memory_budget
        self.breakers = Breakers()
        self._fault = OutageDetector(nameservers, self.breakers.heard_since)
        fetch_robots = partial(self.get, accept=ACCEPT_ROBOTS, cut=LARGEST)
        self.robots = Robots(fetch_robots, robots_memory or Memory())

    async def __aenter__(self) -> Self:
        self._resolver = open_resolver(self._nameservers)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=_CONNECTIONS,
                keepalive_timeout=_KEEPALIVE,
                ttl_dns_cache=_DNS_TTL,
                resolver=self._resolver,
                ssl=self._tls or True,
                socket_factory=partial(connections.open_socket, self._guard),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(  # for the rest ours covers more, see `_ask`
                total=None, sock_connect=min(_CONNECT, self._timeout / 2)
            ),
            auto_decompress=False,  # see `decoding`
            read_bufsize=_UNREAD,
            middlewares=(connections.send_once,),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._resolver.close()

    async def dial(self, host: str, port: int, *, url: str) -> socket:
        """Return a connection for what is not HTTP; raises Forbidden, Unreachable, or Offline where it is our fault."""
        begun = monotonic()
        try:
            return await dial(self._resolver, self._guard, host, port, url=url)
        except Unreachable as failure:
            raise await self._judged(failure, failure.__cause__ or failure, begun) from failure

    def held_for(self, site: str) -> float:
        """Return for how many seconds a site is to be left alone, because it asked for it or because it fails."""
        return max(self._pacing.held_for(site), self.breakers.held_for(site)[0])

    async def get(
        self,
        url: str,
        *,
        validators: Validators = NO_VALIDATORS,
        accept: str = ACCEPT_FEED,
        obey_robots: bool = False,
        reservation: Reservation | None = None,
        cut: int | None = None,
    ) -> Reply:
        """Fetch a URL, following redirects; the reply is a 200 with its whole body, or a 304.

        Validators belong to the URL they are of: those given are sent to `url` alone, and after a redirect the
        reply has none.  A 304's are the ones to ask with next time: as given, where it brings no new ones.
        User-info in the URL is sent as basic authorization, to its own origin; it weighs more than the origin's
        login.  A login's parameter in the query string is on the wire alone, and cut out of what the server repeats.
        With `obey_robots`, each URL on the way is asked for only where its site's robots.txt lets us.
        The body has the room of `guest`, who is to stay as long as the body does.
        With `cut`, the first so many bytes of the body will do, and a 2xx that is no 200 has none.

        Raises FetchError and nothing else, its subclass by what went wrong.  Other 2xx than 200 are a BrokenReply:
        to a plain GET there is nothing whole in them.  What failed is not tried again.
        """
        asked = Target.of(url)
        with self._bodies.spool() as spool:
            headers = _request_headers(accept, validators)
            target, moved, response = await self._follow(asked, headers, spool, obey_robots=obey_robots, cut=cut)
            with nullcontext(reservation) if reservation else self.memory_budget.reservation() as held:
                body = await self._bodies.load(target, response, spool, held, cut)
        reply = reply_of(asked, target, validators, response, body, permanent=moved, whole=cut is None)
        login = self._login_for(target)
        return login.cut_from(reply) if login else reply

    def logs_in_at(self, url: str) -> bool:
        """Say whether there is a login for the origin of a URL: the operator has named it."""
        return origin_at(url) in self._logins

    def _login_for(self, target: Target) -> Login | None:
        """Return what goes along to a target; user-info in its URL weighs more than its origin's login."""
        return None if target.authorization else self._logins.get(target.origin)

    async def _follow(
        self, asked: Target, headers: dict[str, str], spool: Spool, *, obey_robots: bool, cut: int | None
    ) -> tuple[Target, Target | None, aiohttp.ClientResponse]:
        """Ask and follow redirects; return what answered, where the permanent ones led, and the answer."""
        target, left, moved = asked, self._timeout, None
        visited = [target.url]
        permanent: Target | None = target
        while True:
            if obey_robots:
                self._pacing.slow_down(target.site, target.origin, await self.robots.check(target.shown))
            login = self._login_for(target)
            try:
                async with self._turn(target):
                    begun = monotonic()
                    response = await self._ask(target, headers, left, spool, login=login, cut=cut)
            except Gone as gone:
                if permanent:
                    raise
                # Where it only leads for now may be gone without that the URL itself is.
                raise Refused(gone.url, gone.status) from gone
            if response.status not in _REDIRECTS:
                return target, moved, response
            left -= monotonic() - begun
            location = header(response, "Location")
            target = target.redirected(login.cut(location) if login and location else location)
            if target.url in visited or len(visited) > MAX_REDIRECTS:
                raise TooManyRedirects(asked.shown, f"redirects without end, the last one to {target.shown}")
            visited.append(target.url)
            headers = {"Accept": headers["Accept"]}
            # Only as far as every redirect was permanent is the new address the old one's.
            permanent = target if permanent and response.status in _PERMANENT else None
            moved = permanent or moved

    async def post(self, url: str, form: Mapping[str, str]) -> int:
        """Send a form in its site's turn; returns the status, which is a 2xx.

        Redirects that keep the method are followed (307, 308), others are a BrokenReply.  Raises FetchError.
        """
        target, hops = Target.of(url), 0
        while True:
            with self._bodies.spool() as unread:
                async with self._turn(target):
                    response = await self._ask(target, {}, self._timeout, unread, form=form)
            if response.status not in _SAME_METHOD:
                break
            target, hops = target.redirected(header(response, "Location")), hops + 1
            if hops > MAX_REDIRECTS:
                raise TooManyRedirects(target.shown, "redirects without end")
        if not 200 <= response.status < 300:
            raise BrokenReply(target.shown, f"HTTP {response.status} is no answer to a POST")
        return response.status

    @asynccontextmanager
    async def _turn(self, target: Target) -> AsyncIterator[None]:
        """Have a turn at a site; raises Held when it is to be left alone, be it that a redirect led there."""
        try:
            async with self._pacing.at(target.site):
                with self.breakers.attempt(target.site, target.shown):
                    yield
        except OnHold as hold:
            raise Held(target.shown, "its site wants to be left alone", hold.seconds) from hold

    async def _ask(
        self,
        target: Target,
        headers: dict[str, str],
        seconds: float,
        spool: Spool,
        *,
        login: Login | None = None,
        form: Mapping[str, str] | None = None,
        cut: int | None = None,
    ) -> aiohttp.ClientResponse:
        """Send one request, a POST where there is a form; return the head of the answer, and spool a 200's body."""
        attempt, begun = connections.begin_attempt(), monotonic()
        self._throttle.asked(target.site)
        method, url = "GET" if form is None else "POST", target.url
        if target.authorization:
            headers = {**headers, "Authorization": target.authorization}
        elif login:
            url, headers = login.on_the_wire(url), {**headers, **login.headers()}
        try:
            async with (
                asyncio.timeout(seconds),
                self._session.request(method, url, headers=headers, data=form, allow_redirects=False) as response,
            ):
                if response.status == 200:
                    await self._bodies.receive(target, response, spool, cut)
        except (TimeoutError, aiohttp.ClientError) as error:
            failure = connections.failure(target.shown, error, attempt, seconds=self._timeout, quotes=login is None)
            # aiohttp's messages quote the URL and the answer, either of which may have the secret in it.
            raise await self._judged(failure, error, begun) from None if login else error
        if response.status >= 400:
            raise self._throttle.refusal(target, response)
        return response

    async def _judged(self, failure: FetchError, error: BaseException, begun: float) -> FetchError:
        """Return a failure, or Offline where it is ours."""
        if isinstance(failure, Unreachable) and await self._fault.is_ours(failure, error, begun):
            return Offline(failure.url, f"our own network: {failure.reason}")
        return failure


def _request_headers(accept: str, validators: Validators) -> dict[str, str]:
    headers = {"Accept": accept}
    if validators.etag is not None:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified is not None:
        headers["If-Modified-Since"] = validators.last_modified
    return headers
