"""HTTP client: conditional requests, paced per site, bounded in time and size, never to a forbidden address.

The modules in `politeness` decide the rest: `robots` which URLs a site allows, `breakers` whether it is on hold,
`throttle` whether a refusal means too many requests.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from socket import socket
from ssl import SSLContext
from time import monotonic
from types import TracebackType
from typing import Self

import aiohttp

from ingestd.errors import BrokenReply, FetchError, Gone, Held, Offline, Throttled, TooManyRedirects, Unreachable
from ingestd.model.reply import Reply
from ingestd.model.source import NO_VALIDATORS, Validators
from ingestd.web.body.bodies import Bodies
from ingestd.web.body.decoding import ACCEPT_ENCODING
from ingestd.web.body.memory_budget import Reservation
from ingestd.web.body.spool import Spool
from ingestd.web.connection import aiohttp_hooks
from ingestd.web.connection.dial import dial
from ingestd.web.connection.guard import Guard
from ingestd.web.connection.outage import OutageDetector
from ingestd.web.connection.resolver import open_resolver
from ingestd.web.connection.session import open_session
from ingestd.web.logins import Login, parse_origin
from ingestd.web.politeness.breakers import Breakers
from ingestd.web.politeness.pacing import OnHold, Pacing
from ingestd.web.politeness.robots import MAX_BYTES, Robots, RobotsStore
from ingestd.web.politeness.throttle import Throttle
from ingestd.web.redirects import MAX_REDIRECTS, Redirects
from ingestd.web.replies import location_of, make_reply, request_headers, with_headers
from ingestd.web.target import Target

ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
ACCEPT_ROBOTS = "text/plain, */*;q=0.1"

# Seconds to connect.
_CONNECT_TIMEOUT = 15.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})


def user_agent(version: str, contact: str | None) -> str:
    """Return the User-Agent header, as in "ingestd/1.2.3 (+https://example.org/bot)"."""
    return f"ingestd/{version} (+{contact})" if contact else f"ingestd/{version}"


class Fetcher:
    """Polite HTTP client; an async context manager.

    `timeout` is in seconds for a whole GET, redirects and body included, but not the wait for turns.
    `max_body` is in bytes, encoded and decoded.  `allow_networks` are private networks it may connect to.
    `nameservers` ("HOST[:PORT]") replace those of the system.  `logins`, one for each origin, apply to GET only.
    `tls` is the context for https, None for the system's certificates.  `robots_store` stores robots.txt files.
    `spool_folder` holds large bodies until the memory budget has room, None for the system's temporary folder.
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
        robots_store: RobotsStore | None = None,
        spool_folder: Path | None = None,
    ) -> None:
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": ACCEPT_ENCODING}
        self._timeout = timeout
        self._bodies = Bodies(max_body, spool_folder)
        self._guard = Guard(allow_networks)
        self._nameservers = nameservers
        self._logins = {login.origin: login for login in logins}
        self._tls = tls
        self._pacing = pacing
        self._throttle = Throttle(pacing)
        self.memory_budget = self._bodies.memory_budget
        self.breakers = Breakers(on_change=pacing.share_failures)
        pacing.on_failures = self.breakers.adopt
        self._outage_detector = OutageDetector(nameservers, self.breakers.answered_since)
        fetch_robots = partial(self.get, accept=ACCEPT_ROBOTS, truncate_to=MAX_BYTES)
        self.robots = Robots(fetch_robots, robots_store or RobotsStore(), self._keep_delay)

    async def __aenter__(self) -> Self:
        self._resolver = open_resolver(self._nameservers)
        # The time for a whole request is bounded in `_send`.
        connect_timeout = min(_CONNECT_TIMEOUT, self._timeout / 2)
        self._session = open_session(
            self._guard, self._resolver, tls=self._tls, headers=self._headers, connect_timeout=connect_timeout
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._resolver.close()

    async def dial(self, host: str, port: int, *, url: str) -> socket:
        """Return a connected socket for a protocol other than HTTP; raises Forbidden, Unreachable, Offline."""
        started = monotonic()
        try:
            return await dial(self._resolver, self._guard, host, port, url=url)
        except Unreachable as failure:
            raise await self._classify(failure, failure.__cause__ or failure, started) from failure

    def held_for(self, site: str) -> float:
        """Return for how many seconds a site is on hold, because it asked for it or because it keeps failing."""
        return max(self._pacing.held_for(site), self.breakers.held_for(site)[0])

    def held_sites(self) -> set[str]:
        """Return the sites on hold; `held_for` says whether all are, since no site answers."""
        return self._pacing.held_sites() | self.breakers.held_sites()

    async def get(
        self,
        url: str,
        *,
        validators: Validators = NO_VALIDATORS,
        accept: str = ACCEPT_FEED,
        obey_robots: bool = False,
        reservation: Reservation | None = None,
        truncate_to: int | None = None,
        accepts_204: bool = False,
    ) -> Reply:
        """Fetch a URL, following redirects; the reply is a 200 with its whole body, or a 304.

        Validators belong to one URL: `validators` are sent to `url` only, and a redirected reply has none.  The
        validators of a 304 are those for the next request: the given ones, unless it brings new ones.
        User-info in the URL is sent as basic authorization, to its own origin; it overrides the origin's login.
        A login's query parameter is sent with the request, and removed from the reply where the server repeats it.
        With `obey_robots`, each URL of a redirect chain is requested only if its site's robots.txt allows it.
        The body is charged to `reservation`, which the caller releases once it no longer uses the body.
        With `truncate_to`, reads only that many bytes, and accepts any 2xx; one other than 200 has no body.
        With `accepts_204`, a 204 is an answer as well: there is nothing new.  Its validators are those of a 304.
        A cookie that a redirect sets is sent to its own host for the rest of the redirects.
        Raises only FetchError; BrokenReply for a 2xx other than 200, which is not a complete answer to a plain GET.
        A failed request is not retried.
        """
        requested = Target.parse(url)
        with self._bodies.spool() as spool:
            headers = request_headers(accept, validators)
            redirects, response = await self._follow(
                requested, headers, spool, obey_robots=obey_robots, truncate_to=truncate_to
            )
            target = redirects.target
            with nullcontext(reservation) if reservation else self.memory_budget.reservation() as reserved:
                body = await self._bodies.load(target, response, spool, reserved, truncate_to)
        reply = make_reply(
            requested, target, validators, response, body, permanent=redirects.moved, redirects=redirects.followed,
            only_200=truncate_to is None, accepts_204=accepts_204,
        )  # fmt: skip
        login = self._login_for(target)
        return login.scrub_reply(reply) if login else reply

    def _keep_delay(self, origin: str, delay: float, since: float) -> None:
        target = Target.parse(f"{origin}/")
        self._pacing.set_delay(target.site, target.origin_text, delay, since=since)

    def has_login_for(self, url: str) -> bool:
        """Return whether the operator has set a login for the origin of a URL."""
        return parse_origin(url) in self._logins

    def _login_for(self, target: Target) -> Login | None:
        return self._logins.get(target.origin) if self._logins and not target.authorization else None

    async def _follow(
        self, requested: Target, headers: dict[str, str], spool: Spool, *, obey_robots: bool, truncate_to: int | None
    ) -> tuple[Redirects, aiohttp.ClientResponse]:
        """Request and follow redirects; return them, and the response of the last target."""
        redirects, left = Redirects(requested), self._timeout
        while True:
            target = redirects.target
            if obey_robots:
                self._pacing.set_delay(target.site, target.origin_text, await self.robots.check(target.display_url))
            login = self._login_for(target)
            try:
                response, seconds = await self._request(
                    target, headers, left, spool, login=login, truncate_to=truncate_to
                )
            except Gone as gone:
                if redirects.are_permanent:
                    raise
                # The target of a temporary redirect is gone; the requested URL may not be.
                raise gone.for_now() from gone
            if response.status not in _REDIRECTS:
                return redirects, response
            left -= seconds
            redirects.follow(response, login)
            headers = {"Accept": headers["Accept"]} | ({"Cookie": redirects.cookie} if redirects.cookie else {})

    async def post(self, url: str, form: Mapping[str, str]) -> int:
        """Send a form, paced like any request; return the status, which is a 2xx.

        Follows redirects that keep the method (307, 308); others raise BrokenReply.  Raises FetchError.
        """
        target, hops = Target.parse(url), 0
        while True:
            with self._bodies.spool() as unread:
                response, _ = await self._request(target, {}, self._timeout, unread, form=form)
            if response.status not in _SAME_METHOD:
                break
            target, hops = target.redirected(location_of(response)), hops + 1
            if hops > MAX_REDIRECTS:
                raise TooManyRedirects(target.display_url, "too many redirects")
        if not 200 <= response.status < 300:
            raise BrokenReply(target.display_url, f"HTTP {response.status} is not a valid answer to a POST")
        return response.status

    async def _request(
        self,
        target: Target,
        headers: dict[str, str],
        seconds: float,
        spool: Spool,
        *,
        login: Login | None = None,
        form: Mapping[str, str] | None = None,
        truncate_to: int | None = None,
    ) -> tuple[aiohttp.ClientResponse, float]:
        """Wait for a turn at the target's site and send one request; raises Held when the site is on hold.

        Returns what `_send` does, and the seconds that it took, without the wait.
        """
        try:
            slot = await self._pacing.acquire(target.site)
        except OnHold as hold:
            raise Held(target.display_url, "its site is on hold", hold.seconds) from hold
        try:
            with self.breakers.attempt(target.site, target.display_url):
                started = monotonic()
                response = await self._send(
                    target, headers, seconds, spool, login=login, form=form, truncate_to=truncate_to
                )
                return response, monotonic() - started
        finally:
            self._pacing.release(target.site, slot)

    async def _send(
        self,
        target: Target,
        headers: dict[str, str],
        seconds: float,
        spool: Spool,
        *,
        login: Login | None = None,
        form: Mapping[str, str] | None = None,
        truncate_to: int | None = None,
    ) -> aiohttp.ClientResponse:
        """Send one request, a POST if there is a form; return the response, and spool the body of a 200 or 203."""
        attempt, started = aiohttp_hooks.begin_attempt(self._bodies.limit_for(truncate_to)), monotonic()
        self._throttle.record_request(target.site)
        method, url = "GET" if form is None else "POST", target.url
        if target.authorization:
            headers = {**headers, "Authorization": target.authorization}
        elif login:
            url, headers = login.request_url(url), {**headers, **login.headers()}
        try:
            async with (
                asyncio.timeout(seconds),
                self._session.request(method, url, headers=headers, data=form, allow_redirects=False) as response,
            ):
                if response.status in (200, 203):
                    await self._bodies.receive(target, response, spool, truncate_to)
        except (TimeoutError, aiohttp.ClientError) as error:
            failure = aiohttp_hooks.fetch_error(
                target.display_url, error, attempt, seconds=self._timeout, may_quote=login is None
            )
            # aiohttp's messages quote the URL and the response, and either may contain the login's secret.
            raise await self._classify(failure, error, started) from None if login else error
        refusal = self._throttle.refusal(target, response) if response.status >= 400 else None
        if attempt.address:
            self._pacing.groups.record(target.site, attempt.address, throttled=isinstance(refusal, Throttled))
        if refusal:
            raise with_headers(refusal, target, response, login)
        return response

    async def _classify(self, failure: FetchError, error: BaseException, started: float) -> FetchError:
        """Return the failure itself, or Offline for a local failure."""
        if isinstance(failure, Unreachable) and await self._outage_detector.is_local(failure, error, started):
            return Offline(failure.url, f"the local network is down: {failure.reason}")
        return failure
