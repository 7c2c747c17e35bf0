"""Logins for origins: parse them from the settings, and add one to the requests to its origin only."""

import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import quote

from yarl import URL

from ingestd.model.answer import Headers
from ingestd.model.reply import Reply
from ingestd.urls import FOLDER_PORTS
from ingestd.web.secret_scrubbing import scrub_parameter

Kind = Literal["basic", "bearer", "header", "query", "key"]

#: Scheme, host and port (RFC 6454, 4).
Origin = tuple[str, str, int | None]

#: Forms of a login in the settings.
FORMS = (
    "ORIGIN basic USER PASSWORD, ORIGIN bearer TOKEN, ORIGIN header NAME VALUE, ORIGIN query NAME VALUE "
    "or ORIGIN key USER FILE"
)

_ORIGIN = re.compile(r"(https?|ftps?|sftp)://[^\s/?#@]+", re.IGNORECASE)

#: Kinds of login by scheme.
_KINDS: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(("http", "https"), ("basic", "bearer", "header", "query")),
    **dict.fromkeys(("ftp", "ftps"), ("basic",)),
    "sftp": ("basic", "key"),
}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2

#: Headers that the client sets itself, or that frame a message.
_RESERVED_HEADERS = frozenset(
    "accept accept-encoding connection content-encoding content-length content-type cookie expect host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since keep-alive proxy-authorization proxy-connection "
    "range te trailer transfer-encoding upgrade user-agent".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Credentials added to each request to one origin, or used to open the drop folders there."""

    origin: Origin
    kind: Kind
    #: Name of the header or of the query parameter; for a drop folder's server, the user.
    name: str
    #: The secret as it is sent, before it is encoded in a query string; for `key`, the file with the private key.
    value: str = field(repr=False)

    @classmethod
    def parse(cls, line: str) -> Self:
        """Parse a line in one of the `FORMS`; the last word may contain spaces, but not begin or end with them.

        Raises ValueError, whose message quotes only the scheme or a header's name: anything else may be the secret.
        """
        match line.split(maxsplit=2):
            case [origin_text, "basic" | "bearer" | "header" | "query" | "key" as kind, rest]:
                origin = _parse_login_origin(origin_text)
                if kind not in _KINDS[origin[0]]:
                    raise ValueError(f"{origin[0]} has no login by {kind}; should be {FORMS}")
                name, value = _parse_credentials(kind, rest.rstrip(), is_for_folders=origin[0] in FOLDER_PORTS)
                return cls(origin=origin, kind=kind, name=name, value=value)
            case _:
                raise ValueError(f"should be {FORMS}")

    def __str__(self) -> str:
        """Return the origin, the kind and the name, without the secret."""
        name = f" {self.name}" if self.kind in ("header", "query") else ""
        return f"{self.origin_url} {self.kind}{name}"

    @property
    def origin_url(self) -> str:
        """The origin as a URL, without a default port."""
        scheme, host, port = self.origin
        return str(URL.build(scheme=scheme, host=host, port=None if port == FOLDER_PORTS.get(scheme) else port))

    @property
    def is_for_folders(self) -> bool:
        """Whether it is for drop folders; one server may then have a login for each of several users."""
        return self.origin[0] in FOLDER_PORTS

    @property
    def in_the_clear(self) -> bool:
        """Whether it crosses a network without TLS, where others can read it."""
        scheme, host, _ = self.origin
        return scheme in ("http", "ftp") and not _is_loopback(host)

    def headers(self) -> dict[str, str]:
        """Return the headers to send."""
        return {} if self.kind == "query" else {self.name: self.value}

    def request_url(self, url: URL) -> URL:
        """Return the URL to request for a URL of the origin: with the query parameter, if the login is one."""
        if self.kind != "query":
            return url
        separator = "&" if url.raw_query_string else "?"
        pair = f"{quote(self.name, safe='')}={quote(self.value, safe='')}"
        return URL(f"{url.with_fragment(None)}{separator}{pair}", encoded=True)

    def scrub(self, text: str) -> str:
        """Return a text with the query parameter removed from its URLs: servers repeat the URLs they are sent."""
        return self._scrub(text.encode()).decode()

    def scrub_reply(self, reply: Reply) -> Reply:
        """Return a reply with the query parameter removed from the links in its body and headers.

        Otherwise the secret would be stored and passed on with them, as in a feed's link to itself.
        """
        return replace(
            reply,
            body=self._scrub(reply.body),
            headers=self.scrub_headers(reply.headers),
            hub=self.scrub(reply.hub) if reply.hub else reply.hub,
            topic=self.scrub(reply.topic) if reply.topic else reply.topic,
            next_page=self.scrub(reply.next_page) if reply.next_page else reply.next_page,
        )

    def scrub_headers(self, headers: Headers) -> Headers:
        """Return headers without the query parameter; the value of one that still repeats the secret is empty."""
        return tuple((name, self._scrub_header(value)) for name, value in headers)

    def _scrub_header(self, value: str) -> str:
        scrubbed = self._scrub(value.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
        secret = self.value.partition(" ")[2] if self.name == "Authorization" else self.value
        forms = (self.value, secret, quote(secret, safe=""))
        return "" if any(form and form in scrubbed for form in forms) else scrubbed

    def _scrub(self, text: bytes) -> bytes:
        return scrub_parameter(text, self.name, self.value) if self.kind == "query" else text


def origin_of(url: URL) -> Origin:
    """Return scheme, host and port of a URL."""
    return url.scheme, (url.host or "").lower(), url.port or FOLDER_PORTS.get(url.scheme)


def parse_origin(url: str) -> Origin | None:
    """Return the origin of a URL given as text; None when the text is not a URL."""
    try:
        return origin_of(URL(url))
    except ValueError:
        return None


def _parse_login_origin(text: str) -> Origin:
    try:
        url = URL(text) if _ORIGIN.fullmatch(text) else None
        if url and url.raw_host and (origin := origin_of(url))[2]:
            return origin
    except ValueError:
        pass  # not chained: the error quotes the text, which may contain a password
    raise ValueError(
        "the origin should be https://HOST or https://HOST:PORT (or ftp, ftps, sftp), without user, path and query"
    )


def _parse_credentials(kind: Kind, rest: str, *, is_for_folders: bool) -> tuple[str, str]:
    """Return name and value from the words after the kind; raises ValueError."""
    if kind == "bearer":
        if " " in rest or not rest.isprintable():
            raise ValueError("a bearer token must have no spaces and no control characters")
        return "Authorization", f"Bearer {rest}"
    name, value = (*rest.split(maxsplit=1), "")[:2]
    if not value or not f"{name}{value}".isprintable():
        raise ValueError(f"should be {FORMS}, each without control characters")
    if kind == "basic" and not is_for_folders:
        if ":" in name:
            raise ValueError("a user name must have no colon (RFC 7617, 2)")
        return "Authorization", f"Basic {b64encode(f'{name}:{value}'.encode()).decode()}"
    if kind == "header" and not _TOKEN.fullmatch(name):
        raise ValueError("the name of the header is not valid (RFC 9110, 5.6.2)")
    if kind == "header" and name.lower() in _RESERVED_HEADERS:
        raise ValueError(f"the header {name} cannot carry a login; ingestd sets it itself")
    return name, value


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
