"""How we log in where: one login for an origin, sent to that origin and to no other."""

import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import quote

from yarl import URL

from ingestd.model import Reply
from ingestd.web.echoes import without

Kind = Literal["basic", "bearer", "header", "query"]

#: Scheme, host and port (RFC 6454, 4).
Origin = tuple[str, str, int | None]

#: How a login is written.
FORMS = "ORIGIN basic USER PASSWORD, ORIGIN bearer TOKEN, ORIGIN header NAME VALUE or ORIGIN query NAME VALUE"

_ORIGIN = re.compile(r"https?://[^\s/?#@]+", re.IGNORECASE)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2

#: What the client says itself, or what says how a message is framed.
_OURS = frozenset(
    "accept accept-encoding connection content-encoding content-length content-type cookie expect host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since keep-alive proxy-authorization proxy-connection "
    "range te trailer transfer-encoding upgrade user-agent".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What goes along with each request to one origin."""

    origin: Origin
    kind: Kind
    #: Of the header, or of the parameter in the query string.
    name: str
    #: As it is sent, before a query string encodes it: a secret.
    value: str = field(repr=False)

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line of one of the `FORMS`; the last word may have spaces in it, but not around it.

        Raises ValueError, which quotes nothing but an origin: in a line that is wrong, anything may be the secret.
        """
        match line.split(maxsplit=2):
            case [origin, "basic" | "bearer" | "header" | "query" as kind, rest]:
                name, value = _read(kind, rest.rstrip())
                return cls(origin=_read_origin(origin), kind=kind, name=name, value=value)
            case _:
                raise ValueError(f"should be {FORMS}")

    def __str__(self) -> str:
        """Say where and how, and not with what."""
        name = f" {self.name}" if self.kind in ("header", "query") else ""
        return f"{self.place} {self.kind}{name}"

    @property
    def place(self) -> str:
        """The origin as text."""
        scheme, host, port = self.origin
        return str(URL.build(scheme=scheme, host=host, port=port))

    @property
    def in_the_clear(self) -> bool:
        """Whether it crosses a network without TLS, where anybody on the way can read it."""
        scheme, host, _ = self.origin
        return scheme == "http" and not _is_loopback(host)

    def headers(self) -> dict[str, str]:
        """Return the headers to send."""
        return {} if self.kind == "query" else {self.name: self.value}

    def on_the_wire(self, url: URL) -> URL:
        """Return what to ask for when a URL of its origin is meant."""
        if self.kind != "query":
            return url
        joint = "&" if url.raw_query_string else "?"
        pair = f"{quote(self.name, safe='')}={quote(self.value, safe='')}"
        return URL(f"{url.with_fragment(None)}{joint}{pair}", encoded=True)

    def cut(self, text: str) -> str:
        """Return a text without our parameter, wherever a URL in it has it: servers repeat what they were asked."""
        return self._cut(text.encode()).decode()

    def cut_from(self, reply: Reply) -> Reply:
        """Return a reply of its origin without our parameter in the links of its body and its head.

        Else it would be stored with them, and sent on, as in what a feed says its own address is.
        """
        return replace(
            reply,
            body=self._cut(reply.body),
            hub=self.cut(reply.hub) if reply.hub else reply.hub,
            topic=self.cut(reply.topic) if reply.topic else reply.topic,
        )

    def _cut(self, text: bytes) -> bytes:
        return without(text, self.name, self.value) if self.kind == "query" else text


def origin_of(url: URL) -> Origin:
    """Return scheme, host and port of a URL; what differs here is another origin."""
    return url.scheme, (url.host or "").lower(), url.port


def _read_origin(text: str) -> Origin:
    try:
        url = URL(text) if _ORIGIN.fullmatch(text) else None
        if url and url.raw_host and url.port:
            return origin_of(url)
    except ValueError:
        pass  # not chained: it quotes what may hold a password
    raise ValueError("the origin should be https://HOST or https://HOST:PORT, without user, path and query")


def _read(kind: Kind, rest: str) -> tuple[str, str]:
    """Return name and value of what follows the kind; raises ValueError."""
    if kind == "bearer":
        if " " in rest or not rest.isprintable():
            raise ValueError("a bearer token has no spaces and no control characters")
        return "Authorization", f"Bearer {rest}"
    name, value = (*rest.split(maxsplit=1), "")[:2]
    if not value or not f"{name}{value}".isprintable():
        raise ValueError(f"should be {FORMS}, each without control characters")
    if kind == "basic":
        if ":" in name:
            raise ValueError("a user has no colon in it (RFC 7617, 2)")
        return "Authorization", f"Basic {b64encode(f'{name}:{value}'.encode()).decode()}"
    if kind == "header" and not _TOKEN.fullmatch(name):
        raise ValueError("this is no name of a header")
    if kind == "header" and name.lower() in _OURS:
        raise ValueError(f"the header {name} is not for logins: it is ours to set")
    return name, value


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
