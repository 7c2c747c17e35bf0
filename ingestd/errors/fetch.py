"""Errors of the network, of servers and of drop folders."""

from ingestd.errors.base import IngestError


class FetchError(IngestError):
    """A URL could not be fetched; `url` is without its user-info, `reason` a phrase."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"{self.url}: {self.reason}"


class Unreachable(FetchError):
    """The server has no address, or there is no route, no connection or no TLS to it."""


class Unanswered(Unreachable):
    """No response: the connection timed out, no route, or the name server is silent; either side may be down."""


class Offline(Unreachable):
    """The local network, name server or sockets failed; the state of the server is unknown."""

    local = True


class TimedOut(FetchError):
    """The whole request, redirects and body included, exceeded its deadline."""


class Refused(FetchError):
    """The server answered with 4xx or 5xx; `retry_after` is in seconds, or None.

    `phrase` and `headers` are those of the answer, as received but without secrets.
    """

    def __init__(self, url: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(url, f"HTTP {status}")
        self.args = (url, status, retry_after)
        self.status, self.retry_after = status, retry_after
        self.phrase = ""
        self.headers: tuple[tuple[str, str], ...] = ()


class Gone(Refused):
    """410 Gone, from the requested URL or from the one it permanently redirects to."""

    fate = "never"

    def for_now(self) -> Refused:
        """Return the same answer as a refusal after which another attempt can succeed."""
        refused = Refused(self.url, self.status)
        refused.phrase, refused.headers = self.phrase, self.headers
        return refused


class LoginNeeded(Refused):
    """401: the login is missing or invalid; retried, since the operator may correct it."""

    def __init__(self, url: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(url, status, retry_after)
        self.reason = f"HTTP {status}, login missing or invalid; see the setting `logins`"


class Throttled(Refused):
    """The server limits our requests: 429, a 503 with Retry-After, or a 403 after many requests."""


class Held(FetchError):
    """No request was sent: the site is on hold for another `seconds`."""

    def __init__(self, url: str, reason: str, seconds: float) -> None:
        super().__init__(url, reason)
        self.args = (url, reason, seconds)
        self.seconds = seconds


class Disallowed(FetchError):
    """The site's robots.txt disallows the URL; the message quotes the rule."""

    fate = "never"


class RobotsUnreachable(FetchError):
    """The site's robots.txt cannot be read: until it can, everything is disallowed (RFC 9309, 2.3.1.4)."""


class Forbidden(FetchError):
    """The address, port or scheme must not be connected to."""

    fate = "never"


class TooLarge(FetchError):
    """The body exceeds the limit, on the wire or decoded."""


class NoRoom(FetchError):
    """The body does not fit into the memory budget and cannot be written to the local disk."""

    local = True


class Inaccessible(FetchError):
    """A drop folder cannot be listed or written, or a file in it cannot be read or moved; retried."""


class LoginRefused(FetchError):
    """The server of a drop folder refuses the login, or `logins` has none for it; retried."""


class UnknownHostKey(FetchError):
    """The key of an SSH server is not in `known_hosts`; the message shows it."""


class NotInstalled(FetchError):
    """The folder's protocol needs a library that is not installed; the message says what to install."""


class BrokenReply(FetchError):
    """The response ends early or violates its protocol."""


class TooManyRedirects(FetchError):
    """The chain of redirects is too long, or a loop."""
