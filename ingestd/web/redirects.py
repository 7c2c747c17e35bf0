"""The redirects of one GET: their targets, whether they are permanent, and the cookies that they set."""

from http.cookies import CookieError, Morsel, SimpleCookie

import aiohttp

from ingestd.errors import TooManyRedirects
from ingestd.model.answer import Redirect
from ingestd.times import parse_http_date
from ingestd.web.logins import Login
from ingestd.web.replies import location_of, make_redirect
from ingestd.web.target import Target

MAX_REDIRECTS = 10

PERMANENT = frozenset({301, 308})


class Redirects:
    """The chain of redirects from a requested target."""

    def __init__(self, requested: Target) -> None:
        #: The target to request now.
        self.target = requested
        #: Where permanent redirects led before any other one.  None: nowhere.
        self.moved: Target | None = None
        #: The redirects that were followed, in order.
        self.followed: list[Redirect] = []
        self._requested = requested
        # A target is the new address only if every redirect up to it was permanent.
        self._permanent: Target | None = requested
        self._cookies = RedirectCookies()
        self._visited = {(requested.url, "")}

    @property
    def are_permanent(self) -> bool:
        """Whether all redirects so far were permanent."""
        return self._permanent is not None

    @property
    def cookie(self) -> str:
        """The Cookie header for the target; empty: none."""
        return self._cookies.header_for(self.target)

    def follow(self, response: aiohttp.ClientResponse, login: Login | None) -> None:
        """Move on to the target that a response of the present one names; `login` is the one it was requested with.

        A target may be visited again with other cookies: some servers redirect to the same URL until the cookie that
        they set comes back.  Raises TooManyRedirects, and BrokenReply or Forbidden for a location that is none.
        """
        before = self.target
        self.followed.append(make_redirect(before, response, login))
        self._cookies.receive(before, response)
        location = location_of(response)
        self.target = before.redirected(login.scrub(location) if login and location else location)
        visit = self.target.url, self.cookie
        if visit in self._visited or len(self.followed) > MAX_REDIRECTS:
            reason = f"too many redirects, the last to {self.target.display_url}"
            raise TooManyRedirects(self._requested.display_url, reason)
        self._visited.add(visit)
        self._permanent = self.target if self._permanent and response.status in PERMANENT else None
        if self._permanent:
            # Back at the requested URL, as for a cookie, nothing has moved.
            self.moved = self.target if self.target.url != self._requested.url else None


class RedirectCookies:
    """The cookies that the redirects of one GET set, each for the host that set it (RFC 6265, 5.3 and 5.4).

    A `Domain` never widens a cookie to other hosts, so that no list of public suffixes has to be right.
    """

    def __init__(self) -> None:
        self._jar: aiohttp.CookieJar | None = None

    def receive(self, target: Target, response: aiohttp.ClientResponse) -> None:
        """Keep the cookies of a target's response, but for those of other domains."""
        if not response.headers.getall("Set-Cookie", ()):
            return
        host, kept = (target.url.raw_host or "").lower(), SimpleCookie()
        for morsel in response.cookies.values():
            domain = morsel["domain"].lower().lstrip(".")
            if domain and host != domain and not host.endswith(f".{domain}"):
                continue
            own: Morsel[str] = Morsel()
            try:
                own.set(morsel.key, morsel.coded_value, morsel.coded_value)  # sent as received, also with quotes
                own.update({**morsel, "domain": ""})
                expires = parse_http_date(morsel["expires"])
                if expires and expires.timestamp() <= 0 and not morsel["max-age"]:
                    own["max-age"] = "0"  # the usual way to delete a cookie, which aiohttp takes for no date
            except CookieError:
                continue
            kept[morsel.key] = own
        # "unsafe" are cookies of hosts without a name, which are as much their own as any.
        self._jar = self._jar or aiohttp.CookieJar(unsafe=True, quote_cookie=False)
        self._jar.update_cookies(kept, target.url)

    def header_for(self, target: Target) -> str:
        """Return the Cookie header for a target; empty: none."""
        found = self._jar.filter_cookies(target.url) if self._jar else {}
        return "; ".join(f"{morsel.key}={morsel.value}" for morsel in found.values())
