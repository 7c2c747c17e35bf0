"""Sessions of the status page: signed cookies, and a limit on failed logins.

A session is its expiry, a random part and, if it was begun with a token of the database, the fingerprint of that token,
signed with `api_token`: a new `api_token` ends all sessions, and nothing is stored but the sessions that were logged
out before their end.
"""

import hmac
import secrets
from collections import deque
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

T = TypeVar("T")

#: Lifetime of a session (seconds): a page on a wall asks once a week.
LIFETIME = 7 * 86_400

#: Failed logins that an address has within `_WINDOW` seconds.
_MAX_FAILURES, _WINDOW = 5, 60.0

#: Addresses, and sessions that were logged out, that are remembered; the oldest are forgotten first.
_MAX_REMEMBERED = 1000


class Sessions:
    """Makes and verifies session cookies for one token; `now` is seconds since the epoch."""

    def __init__(self, token: str) -> None:
        self._key = token.encode()
        self._ended: dict[str, None] = {}

    def new(self, now: float, fingerprint: str = "") -> str:
        """Return the value of a cookie for a new session; `fingerprint` is of a token of the database."""
        content = f"{int(now) + LIFETIME}.{secrets.token_urlsafe(12)}" + (fingerprint and f".{fingerprint}")
        return f"{content}.{self._signature(content)}"

    def is_valid(self, cookie: str, now: float) -> bool:
        """Return whether a cookie is of a session that has neither expired nor ended."""
        content, _, signature = cookie.rpartition(".")
        # The signature first: nothing of a forged cookie is read.
        if not hmac.compare_digest(signature.encode(errors="replace"), self._signature(content).encode()):
            return False
        return content not in self._ended and int(content.partition(".")[0]) > now

    def fingerprint(self, cookie: str) -> str:
        """Return the fingerprint in a valid cookie; empty: the session was begun with `api_token`."""
        parts = cookie.split(".")
        return parts[2] if len(parts) == 4 else ""

    def end(self, cookie: str, now: float) -> None:
        """End the session of a valid cookie."""
        if self.is_valid(cookie, now):
            _remember(self._ended, cookie.rpartition(".")[0], None)

    def _signature(self, content: str) -> str:
        signed = f"ingestd session {content}".encode(errors="replace")
        return hmac.new(self._key, signed, sha256).hexdigest()


class FailedLogins:
    """Counts failed logins by address (of IPv6, by /64); `now` is monotonic."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[float]] = {}

    def wait(self, address: str | None, now: float) -> float:
        """Return for how long an address may not log in (seconds); 0: it may."""
        failures = self._failures.get(_network(address), deque())
        while failures and failures[0] <= now - _WINDOW:
            failures.popleft()
        return failures[0] + _WINDOW - now if len(failures) >= _MAX_FAILURES else 0.0

    def add(self, address: str | None, now: float) -> None:
        """Count a failed login."""
        name = _network(address)
        _remember(self._failures, name, self._failures.pop(name, deque(maxlen=_MAX_FAILURES)))
        self._failures[name].append(now)


def _remember(known: dict[str, T], name: str, value: T) -> None:
    known[name] = value
    while len(known) > _MAX_REMEMBERED:
        del known[next(iter(known))]


def _network(address: str | None) -> str:
    """Return what one visitor has: an IPv4 address or an IPv6 /64; empty: a UNIX socket."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    return str(int(found) >> 64) if isinstance(found, IPv6Address) else str(found)
