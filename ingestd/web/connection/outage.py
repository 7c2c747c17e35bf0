"""Whose fault it is when there is no connection: ours, where no server could be reached at all."""

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

#: What the system says when it is out of sockets or memory, or an interface is down.
_OURS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENETDOWN, errno.EADDRNOTAVAIL))

#: Addresses set aside for documentation (RFC 5737, RFC 3849): nothing is sent, the system only looks for a route.
_ANYWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))

#: Seconds a name server has to answer anything at all, and for which the answer is believed.
_ANSWER, _BELIEVED = 3.0, 5.0


class OutageDetector:
    """Finds out whether a connection failed for a reason of ours.

    `nameservers` are as the resolver has them, and have to know the root, as all do that serve the internet.
    `heard_since` says whether anybody has answered since a moment (monotonic).
    """

    def __init__(self, nameservers: Sequence[str], heard_since: Callable[[float], bool]) -> None:
        self._nameservers = nameservers
        self._heard_since = heard_since
        self._answered: tuple[float, bool] = (float("-inf"), True)

    async def is_ours(self, failure: Unreachable, error: BaseException, begun: float) -> bool:
        """Say whether what failed tells of us and not of the server.

        `error` is what was raised, `begun` when the request began (monotonic).  One host that is dead looks like no
        network at all.  It is the host where somebody else answered meanwhile, or where the name server answers;
        where it does so out of its memory, the breakers find out, as no site answers any more.
        """
        cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
        number = cause.errno if isinstance(cause, OSError) else None
        # The numbers of getaddrinfo(3) are below zero.
        is_name = isinstance(error, aiohttp.ClientConnectorDNSError) or (number or 0) < 0
        if not is_name and (number in _OURS or (number == errno.ENETUNREACH and not has_route())):
            return True
        if not isinstance(failure, Unanswered):
            return False
        # Others may be answered without any name server, for as long as their addresses are believed.
        return (is_name or not self._heard_since(begun)) and not await self._name_server_answers()

    async def _name_server_answers(self) -> bool:
        when, answered = self._answered
        if monotonic() - when > _BELIEVED:
            answered = await self._ask_for_the_root()
            self._answered = monotonic(), answered
        return answered

    async def _ask_for_the_root(self) -> bool:
        """Ask for what every name server knows; a forwarder that cannot reach its own says SERVFAIL or REFUSED."""
        try:
            resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                resolver.nameservers = [parse_nameserver(text) for text in self._nameservers]
            await resolver.resolve(".", "NS", lifetime=_ANSWER)
        except (dns.resolver.NoNameservers, dns.resolver.NoResolverConfiguration, dns.exception.Timeout):
            return False
        except dns.exception.DNSException:
            return True
        return True


def has_route() -> bool:
    """Say whether the system knows a way to anywhere, in either family of addresses."""
    for family, address in _ANYWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
        except OSError:
            continue
        return True
    return False
