"""Tell a local outage from an unreachable server when a connection fails."""

import errno
import socket
from collections.abc import Callable, Sequence
from time import monotonic

import aiohttp
import dns.asyncresolver
import dns.exception
import dns.resolver

from ingestd.errors import Unanswered, Unreachable
from ingestd.web.connection.resolver import parse_nameserver

#: Error numbers of the local system: it has no sockets or memory left, or an interface is down.
_LOCAL_ERRORS = frozenset(
    (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENETDOWN, errno.EADDRNOTAVAIL)
)

#: Addresses reserved for documentation (RFC 5737, RFC 3849): the system only looks for a route, and sends nothing.
_ROUTE_PROBES = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))

#: Seconds that a name server has to answer a probe, and seconds for which the result is reused.
_PROBE_TIMEOUT, _PROBE_CACHE_TIME = 3.0, 5.0


class OutageDetector:
    """Decides whether a failed connection is a local failure.

    `nameservers` are those of the resolver; they must know the DNS root, as all name servers of the internet do.
    `answered_since` says whether any site has answered since a moment (monotonic seconds).
    """

    def __init__(self, nameservers: Sequence[str], answered_since: Callable[[float], bool]) -> None:
        self._nameservers = nameservers
        self._answered_since = answered_since
        #: When the name server was last probed (monotonic seconds), and whether it answered.
        self._last_probe: tuple[float, bool] = (float("-inf"), True)

    async def is_local(self, failure: Unreachable, error: BaseException, started: float) -> bool:
        """Return whether a failed connection is a local failure, which says nothing about the server.

        `error` is the exception raised, `started` when the request started (monotonic seconds).  To one request, a dead
        host looks like a dead network.  The host is to blame if another site has answered since the start, or if the
        name server answers.  A name server that answers from its cache hides an outage here; the breakers detect that
        one, since no site answers any more.
        """
        cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
        number = cause.errno if isinstance(cause, OSError) else None
        # The error numbers of getaddrinfo(3) are negative.
        is_name = isinstance(error, aiohttp.ClientConnectorDNSError) or (number or 0) < 0
        if not is_name and (number in _LOCAL_ERRORS or (number == errno.ENETUNREACH and not has_route())):
            return True
        if not isinstance(failure, Unanswered):
            return False
        # An answer from another site does not prove that names resolve: its address may have been cached.
        return (is_name or not self._answered_since(started)) and not await self._name_server_answers()

    async def _name_server_answers(self) -> bool:
        when, answered = self._last_probe
        if monotonic() - when > _PROBE_CACHE_TIME:
            answered = await self._query_root()
            self._last_probe = monotonic(), answered
        return answered

    async def _query_root(self) -> bool:
        """Query the DNS root, which every name server knows; a forwarder cut off from its own answers with an error."""
        try:
            resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                resolver.nameservers = [parse_nameserver(text) for text in self._nameservers]
            await resolver.resolve(".", "NS", lifetime=_PROBE_TIMEOUT)
        except (dns.resolver.NoNameservers, dns.resolver.NoResolverConfiguration, dns.exception.Timeout):
            return False
        except dns.exception.DNSException:
            return True
        return True


def has_route() -> bool:
    """Return whether the system has a route to the internet, by IPv4 or IPv6."""
    for family, address in _ROUTE_PROBES:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
        except OSError:
            continue
        return True
    return False
