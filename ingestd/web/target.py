"""What a URL asks us to do: connect where, send what, in whose turn."""

import re
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urljoin

from aiohttp import encode_basic_auth
from yarl import URL

from ingestd.errors import BrokenReply, Forbidden
from ingestd.urls import site, without_userinfo
from ingestd.web.logins import Origin, origin_of

# A URL that can go on the wire as it is.  Others are percent-encoded first, which also keeps line ends out.
_WIRE_READY = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Target:
    """Where one request goes."""

    #: Without user-info.
    url: URL
    #: The same as text, as it may be shown and stored.
    shown: str
    #: Whose turn it takes.
    site: str
    #: The Authorization header, for this origin only.
    authorization: str | None = None

    @classmethod
    def of(cls, url: str) -> Self:
        """Read a URL; user-info in it becomes basic authorization (RFC 7617).

        Raises Forbidden when it is no http(s) URL with a host.
        """
        shown = without_userinfo(url) if "@" in url else url
        try:
            parsed = URL(url, encoded=_WIRE_READY.fullmatch(url) is not None)
            if parsed.scheme not in ("http", "https") or not parsed.raw_host or not parsed.port:
                raise Forbidden(shown, "not an http(s) URL")
            authorization = None
            if parsed.raw_user is not None or parsed.raw_password is not None:
                authorization = encode_basic_auth(parsed.user or "", parsed.password or "")
                parsed = parsed.with_user(None)
            return cls(parsed, shown, site(shown), authorization)
        except ValueError as error:
            raise Forbidden(shown, "not an http(s) URL") from error

    def redirected(self, location: str | None) -> "Target":
        """Return where a Location header leads (RFC 9110, 10.2.2).

        Authorization goes along within the origin and nowhere else; user-info in the header is dropped,
        for a stranger has no say in what we log in with.  Raises BrokenReply when it leads nowhere,
        Forbidden when to no http(s) URL.
        """
        if not location:
            raise BrokenReply(self.shown, "a redirect without a Location")
        try:
            url = without_userinfo(urljoin(self.shown, location))
        except ValueError as error:
            raise BrokenReply(self.shown, "a redirect to no URL") from error
        target = Target.of(url)
        return replace(target, authorization=self.authorization) if target.origin == self.origin else target

    @property
    def origin(self) -> Origin:
        """Scheme, host and port (RFC 6454, 4)."""
        return origin_of(self.url)
