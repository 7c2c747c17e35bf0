"""How we log in where: one login for an origin, sent to that origin and to no other."""

import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import quote

from yarl import URL

from ingestd.model.reply import Reply
from ingestd.urls import FOLDER_PORTS
from ingestd.web.secret_scrubbing import without

Kind = Literal["basic", "bearer", "header", "query", "key"]

#: Scheme, host and port (RFC 6454, 4).
Origin = tuple[str, str, int | None]

#: How a login is written.
FORMS = (
    "ORIGIN basic USER PASSWORD, ORIGIN bearer TOKEN, ORIGIN header NAME VALUE, ORIGIN query NAME VALUE "
    "or ORIGIN key USER FILE"
)

_ORIGIN = re.compile(r"(https?|ftps?|sftp)://[^\s/?#@]+", re.IGNORECASE)

#: The ways to log in, by scheme.
_KINDS: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(("http", "https"), ("basic", "bearer", "header", "query")),
    **dict.fromkeys(("ftp", "ftps"), ("basic",)),
    "sftp": ("basic", "key"),
}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2

#: What the client says itself, or what says how a message is framed.
_OURS = frozenset(
    "accept accept-encoding connection content-encoding content-length content-type cookie expect host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since keep-alive proxy-authorization proxy-connection "
    "range te trailer transfer-encoding upgrade user-agent".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What goes along with each request to one origin, or opens the drop folders there."""

    origin: Origin
    kind: Kind
    #: Of the header, or of the parameter in the query string; of a drop folder's server, the user.
    name: str
    #: As it is sent, before a query string encodes it: a secret.  Of `key`, the file with the private key.
    value: str = field(repr=False)

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line of one of the `FORMS`; the last word may have spaces in it, but not around it.

        Raises ValueError, which quotes nothing but an origin: in a line that is wrong, anything may be the secret.
        """
        match line.split(maxsplit=2):
            case [where, "basic" | "bearer" | "header" | "query" | "key" as kind, rest]:
                origin = _read_origin(where)
                if kind not in _KINDS[origin[0]]:
                    raise ValueError(f"over {origin[0]} there is no login by {kind}: it should be {FORMS}")
                name, value = _read(kind, rest.rstrip(), opens_folders=origin[0] in FOLDER_PORTS)
                return cls(origin=origin, kind=kind, name=name, value=value)
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
        return str(URL.build(scheme=scheme, host=host, port=None if port == FOLDER_PORTS.get(scheme) else port))

    @property
    def opens_folders(self) -> bool:
        """Whether it is for drop folders, of which one server may have some for each of several users."""
        return self.origin[0] in FOLDER_PORTS

    @property
    def in_the_clear(self) -> bool:
        """Whether it crosses a network without TLS, where anybody on the way can read it."""
        scheme, host, _ = self.origin
        return scheme in ("http", "ftp") and not _is_loopback(host)

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
    return url.scheme, (url.host or "").lower(), url.port or FOLDER_PORTS.get(url.scheme)


def origin_at(url: str) -> Origin | None:
    """Return the origin of a URL as text; None when it is none."""
    try:
        return origin_of(URL(url))
    except ValueError:
        return None


def _read_origin(text: str) -> Origin:
    try:
        url = URL(text) if _ORIGIN.fullmatch(text) else None
        if url and url.raw_host and (origin := origin_of(url))[2]:
            return origin
    except ValueError:
        pass  # not chained: it quotes what may hold a password
    raise ValueError(
        "the origin should be https://HOST or https://HOST:PORT (or ftp, ftps, sftp), without user, path and query"
    )


def _read(kind: Kind, rest: str, *, opens_folders: bool) -> tuple[str, str]:
    """Return name and value of what follows the kind; raises ValueError."""
    if kind == "bearer":
        if " " in rest or not rest.isprintable():
            raise ValueError("a bearer token has no spaces and no control characters")
        return "Authorization", f"Bearer {rest}"
    name, value = (*rest.split(maxsplit=1), "")[:2]
    if not value or not f"{name}{value}".isprintable():
        raise ValueError(f"should be {FORMS}, each without control characters")
    if kind == "basic" and not opens_folders:
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
