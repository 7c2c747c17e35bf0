"""Whose fault it is when there is no connection: ours, where no server could be reached at all."""

import errno
import socket
from collections.abc import Sequence
from time import monotonic

import aiohttp
import dns.asyncresolver
import dns.exception
import dns.resolver

from ingestd.web.resolver import parse_nameserver

#: What the system says when it is out of sockets or memory, or an interface is down.
_OURS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENETDOWN, errno.EADDRNOTAVAIL))

#: Addresses set aside for documentation (RFC 5737, RFC 3849): nothing is sent, the system only looks for a route.
_ANYWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))

#: Seconds a name server has to answer anything at all, and for which the answer is believed.
_ANSWER, _BELIEVED = 3.0, 5.0


class Fault:
    """Finds out whether a connection failed for a reason of ours; `nameservers` as the resolver has them."""

    def __init__(self, nameservers: Sequence[str]) -> None:
        self._nameservers = nameservers
        self._answered: tuple[float, bool] = (float("-inf"), True)

    async def is_ours(self, error: TimeoutError | aiohttp.ClientError) -> bool:
        """Say whether an error of aiohttp's tells of us and not of the server."""
        os_error = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
        if os_error is None:
            return False
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            # "Temporary failure" is what the system says of a name whose servers are broken, and of our own that is.
            undecided = os_error.errno in (None, socket.EAI_AGAIN, socket.EAI_SYSTEM)
            return undecided and not await self._name_server_answers()
        return os_error.errno in _OURS or (os_error.errno == errno.ENETUNREACH and not has_route())

    async def _name_server_answers(self) -> bool:
        when, answered = self._answered
        if monotonic() - when > _BELIEVED:
            answered = await self._ask_for_the_root()
            self._answered = monotonic(), answered
        return answered

    async def _ask_for_the_root(self) -> bool:
        """Ask for what every name server knows; any answer will do, a refusal too."""
        try:
            resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                resolver.nameservers = [parse_nameserver(text) for text in self._nameservers]
            await resolver.resolve(".", "NS", lifetime=_ANSWER)
        except dns.resolver.NoNameservers as error:
            # Each server's last words: whether there was a response at all.
            return any(response is not None for *_, response in error.kwargs.get("errors", ()))
        except dns.exception.Timeout:
            return False
        except dns.exception.DNSException as error:
            return not isinstance(error, dns.resolver.NoResolverConfiguration)
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
