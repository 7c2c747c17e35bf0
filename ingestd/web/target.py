"""Target of a request: the URL to send, its text for display, its site and its authorization."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from yarl import URL

from ingestd.caching import cached_if_short
from ingestd.errors import BrokenReply, Forbidden
from ingestd.urls import site, without_userinfo
from ingestd.web.logins import Origin, origin_of

# A URL that can be sent as it is.  Others are percent-encoded first, which also keeps line ends out.
_WIRE_READY = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Destination of one request."""

    #: Without user-info.
    url: URL
    #: The URL as text, without user-info: safe to log and store.
    display_url: str
    #: Site for pacing and breakers.
    site: str
    #: The Authorization header, for this origin only; None without user-info.
    authorization: str | None = None

    @staticmethod
    def parse(url: str) -> "Target":
        """Parse a URL; user-info in it becomes basic authorization (RFC 7617).

        The targets of the last thousand URLs are kept: those of an installation's feeds are polled again and again.

        Raises Forbidden when it is not an http(s) URL with a host.
        """
        return Target._parse(url) if "@" in url else _kept(url)

    @classmethod
    def _parse(cls, url: str) -> "Target":
        display_url = without_userinfo(url) if "@" in url else url
        try:
            parsed = URL(url, encoded=_WIRE_READY.fullmatch(url) is not None)
            if parsed.scheme not in ("http", "https") or not parsed.raw_host or not parsed.port:
                raise Forbidden(display_url, "not an http(s) URL")
            authorization = None
            if parsed.raw_user is not None or parsed.raw_password is not None:
                from aiohttp import encode_basic_auth  # noqa: PLC0415 - most URLs have no login, and settings no client

                authorization = encode_basic_auth(parsed.user or "", parsed.password or "")
                parsed = parsed.with_user(None)
            return cls(parsed, display_url, site(display_url), authorization)
        except ValueError as error:
            raise Forbidden(display_url, "not an http(s) URL") from error

    def redirected(self, location: str | None) -> "Target":
        """Return the target of a Location header (RFC 9110, 10.2.2).

        Authorization is kept within the origin only.  User-info in the header is dropped: a server must not choose the
        credentials.  Raises BrokenReply when the header is missing or not a URL, Forbidden when the URL is not http(s).
        """
        if not location:
            raise BrokenReply(self.display_url, "redirect without a Location header")
        try:
            url = without_userinfo(urljoin(self.display_url, location))
        except ValueError as error:
            raise BrokenReply(self.display_url, "redirect to an invalid URL") from error
        target = Target.parse(url)
        return replace(target, authorization=self.authorization) if target.origin == self.origin else target

    @property
    def origin(self) -> Origin:
        """Scheme, host and port (RFC 6454, 4)."""
        return origin_of(self.url)

    @property
    def origin_text(self) -> str:
        """The origin as text, such as "https://news.example:443"."""
        scheme, host, port = self.origin
        return f"{scheme}://{host}:{port}"


#: Without those that may contain a password.
_kept = cached_if_short(1_000)(Target._parse)
