"""Decide who makes a request: by token or session, or, if there is no token, by its origin on this host."""

import hmac
from dataclasses import dataclass, field
from time import time

from aiohttp import web

from ingestd.daemon.http.hosts import host_of, is_loopback
from ingestd.daemon.http.known_tokens import KnownTokens
from ingestd.daemon.http.sessions import FailedLogins, Sessions
from ingestd.daemon.http.v1.limits import Allowance
from ingestd.errors import StoreError
from ingestd.model.token import Caller, Role, Token
from ingestd.store.tokens import PREFIX

#: Without a path: browsers limit the cookie to the directory of the form, also below the prefix of a reverse proxy.
COOKIE = "ingestd_session"

#: Headers that reverse proxies add: the request is not from this host, though its connection is.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


#: The holder of `api_token`.
API_TOKEN = Caller(token="api_token", role="admin")  # noqa: S106 - its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The tokens, and who is logged in with them."""

    #: `api_token`; None: it is not set.
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
    #: What each caller of /v1 may do.
    allowance: Allowance = field(default_factory=Allowance)
    #: The tokens of the database; None: those are not asked.
    tokens: KnownTokens | None = None

    @classmethod
    def with_token(cls, token: str | None, **others: object) -> "Access":
        """Return the access for a token; `others` are the other fields."""
        return cls(token=token, sessions=Sessions(token) if token else None, **others)  # type: ignore[arg-type]

    async def caller(self, request: web.Request) -> Caller | None:
        """Return who makes a request of /v1: by token, by session or, if there is no token, from this host.

        None: nobody who is known.  Raises StoreError while the tokens of the database cannot be read.
        """
        given = _bearer(request)
        if given is not None and self.token and is_token(given, self.token):
            return API_TOKEN
        if given is not None and self.tokens and given.startswith(PREFIX):
            found = await self.tokens.find(given)
            return _caller_of(found) if found else None
        if given is None and (by_session := await self._session(request)):
            return by_session
        if self.token or not is_from_here(request) or (self.tokens and await self.tokens.are_there_any()):
            return None
        return Caller(token=None, role="admin")

    async def needs_token(self) -> bool:
        """Return whether there is a token that a request could have."""
        return bool(self.token or (self.tokens and await self.tokens.are_there_any()))

    def inbox_caller(self, request: web.Request) -> Caller | None:
        """Return who pushes to an inbox: by the token of the inboxes or, if no token is set, from this host."""
        wanted = self.inbox_token or self.token
        if not is_authorised(request, wanted):
            return None
        return Caller(token="inbox_token" if wanted else None, role="operate")

    async def page_caller(self, request: web.Request) -> Caller | None:
        """Return who may read the status page: without `api_token`, whoever can connect.

        With it, its holder, and those of tokens with the role operate or admin and no filter: it shows everything.
        """
        return await self._unfiltered(request, "operate")

    async def metrics_caller(self, request: web.Request) -> Caller | None:
        """Return who may read /metrics: as the page, but the role read is enough."""
        return await self._unfiltered(request, "read")

    async def _unfiltered(self, request: web.Request, role: Role) -> Caller | None:
        if self.token is None:
            return Caller(token=None, role="read")
        try:
            caller = await self.caller(request)
        except StoreError:  # the page and /metrics say so themselves, to those who may read them
            return None
        return caller if caller and caller.has(role) and not caller.filter else None

    async def log_in(self, given: str) -> str | None:
        """Return the fingerprint for a new session, empty for `api_token`; None: this token opens no session."""
        if self.token and is_token(given, self.token):
            return ""
        try:
            found = await self.tokens.find(given) if self.tokens else None
        except StoreError:
            return None
        return found.fingerprint if found and found.role != "read" and not found.filter else None

    def is_logged_in(self, request: web.Request) -> bool:
        """Return whether a request has the cookie of a session; its token may be revoked since."""
        cookie = request.cookies.get(COOKIE)
        return bool(cookie and self.sessions and self.sessions.is_valid(cookie, time()))

    async def _session(self, request: web.Request) -> Caller | None:
        if not self.is_logged_in(request) or not self.sessions:
            return None
        fingerprint = self.sessions.fingerprint(request.cookies[COOKIE])
        if not fingerprint:
            return API_TOKEN
        found = await self.tokens.find_by_fingerprint(fingerprint) if self.tokens else None
        return _caller_of(found) if found else None


def _caller_of(token: Token) -> Caller:
    return Caller(token=token.name, role=token.role, filter=token.filter)


def is_authorised(request: web.Request, token: str | None) -> bool:
    """Return whether a request has the token or, when `token` is None, comes from this host."""
    if not token:
        return is_from_here(request)
    given = _bearer(request)
    return given is not None and is_token(given, token)


def is_from_here(request: web.Request) -> bool:
    """Return whether a request comes from this host, and not through a proxy on it."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    # The Host header too: a foreign page in a browser on this host may reach us by its own name (DNS rebinding).
    host = host_of(request.headers.get("Host"))
    return _is_local(request.remote) and (host is None or is_loopback(host) or _is_unix(request))


def _bearer(request: web.Request) -> str | None:
    """Return the token in the header Authorization; None: there is none, or it is of another kind."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return given.strip() if kind.lower() == "bearer" else None


def is_token(given: str, token: str) -> bool:
    """Return whether a text is the token, in constant time."""
    return hmac.compare_digest(given.strip().encode(errors="surrogateescape"), token.encode())


def _is_local(address: str | None) -> bool:
    """Return whether an address is of this host; a UNIX socket has none and is always local."""
    return not address or is_loopback(address)


def _is_unix(request: web.Request) -> bool:
    return host_of(request.headers.get("Host")) == "ingestd" and not request.remote
