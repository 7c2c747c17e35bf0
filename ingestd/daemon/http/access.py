"""Decide whether a request is allowed: by token or session, or, if no token is set, by its origin on this host."""

import hmac
from dataclasses import dataclass, field
from time import time

from aiohttp import web

from ingestd.daemon.http.hosts import host_of, is_loopback
from ingestd.daemon.http.sessions import FailedLogins, Sessions
from ingestd.model.token import Caller

#: Without a path: browsers limit the cookie to the directory of the form, also below the prefix of a reverse proxy.
COOKIE = "ingestd_session"

#: Headers that reverse proxies add: the request is not from this host, though its connection is.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The token, and who is logged in with it."""

    #: None: no token is set.
    token: str | None = None
    #: The token of the inboxes; None: it is `token`.
    inbox_token: str | None = None
    #: Whether /metrics needs no token.
    metrics_open: bool = False
    #: Names under which the server is reached, besides those that are always allowed.
    allowed_hosts: frozenset[str] = frozenset()
    #: Whether the server may be reachable from other hosts without a token.
    listen_open: bool = False
    failed_logins: FailedLogins = field(default_factory=FailedLogins)
    sessions: Sessions | None = None

    @classmethod
    def with_token(cls, token: str | None, **others: object) -> "Access":
        """Return the access for a token; `others` are the other fields."""
        return cls(token=token, sessions=Sessions(token) if token else None, **others)  # type: ignore[arg-type]

    def caller(self, request: web.Request) -> Caller | None:
        """Return who makes a request: the token or session or, without a token, this host; None: nobody known."""
        if not self.may_read(request):
            return None
        return Caller(token="api_token" if self.token else None, role="admin")

    def inbox_caller(self, request: web.Request) -> Caller | None:
        """Return who pushes to an inbox: by the token of the inboxes or, if no token is set, from this host."""
        if not is_authorised(request, self.inbox_token or self.token):
            return None
        return Caller(token="inbox_token" if self.inbox_token or self.token else None, role="operate")

    def may_read(self, request: web.Request) -> bool:
        """Return whether a request may read /v1: by token, by session or, without a token, from this host."""
        return self.is_logged_in(request) or is_authorised(request, self.token)

    def may_see_page(self, request: web.Request) -> bool:
        """Return whether a request may read the status page and /metrics: without a token, whoever can connect."""
        return self.token is None or self.may_read(request)

    def is_logged_in(self, request: web.Request) -> bool:
        """Return whether a request has the cookie of a session."""
        cookie = request.cookies.get(COOKIE)
        return bool(cookie and self.sessions and self.sessions.is_valid(cookie, time()))


def is_authorised(request: web.Request, token: str | None) -> bool:
    """Return whether a request has the token or, when `token` is None, comes from this host."""
    if token:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        return kind.lower() == "bearer" and is_token(given, token)
    if any(name in request.headers for name in _FORWARDED):
        return False
    # The Host header too: a foreign page in a browser on this host may reach us by its own name (DNS rebinding).
    host = host_of(request.headers.get("Host"))
    return _is_local(request.remote) and (host is None or is_loopback(host) or _is_unix(request))


def is_token(given: str, token: str) -> bool:
    """Return whether a text is the token, in constant time."""
    return hmac.compare_digest(given.strip().encode(errors="surrogateescape"), token.encode())


def _is_local(address: str | None) -> bool:
    """Return whether an address is of this host; a UNIX socket has none and is always local."""
    return not address or is_loopback(address)


def _is_unix(request: web.Request) -> bool:
    return host_of(request.headers.get("Host")) == "ingestd" and not request.remote
