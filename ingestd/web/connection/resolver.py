"""Resolve names: through the system, or with exactly the name servers from the settings."""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from itertools import islice
from urllib.parse import urlsplit

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from aiohttp.abc import AbstractResolver, ResolveResult

#: Concurrent lookups through the system.  A lookup that hangs keeps its thread for about 30 seconds;
#: asyncio's own pool has six threads on two cores, and serves other work too.
THREADS = 32

#: Addresses of one name that are tried: a name may have hundreds, and each dead one costs a timeout.
MAX_ADDRESSES = 8

#: Seconds for all queries about one name, and for one answer of one server.
LIFETIME = 10.0
ANSWER_TIMEOUT = 2.0


def open_resolver(nameservers: Sequence[str]) -> AbstractResolver:
    """Return a resolver that queries `nameservers`, or that of the system when there are none."""
    return NameserverResolver(nameservers) if nameservers else SystemResolver()


class SystemResolver(AbstractResolver):
    """Resolves with getaddrinfo(3): the hosts file, the system's name servers, and whatever else is configured."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host, best first; raises OSError when it has none."""
        loop = asyncio.get_running_loop()
        return _results(host, port, await loop.run_in_executor(self._threads, _system_addresses, host, family))

    async def close(self) -> None:
        """Release the threads; lookups under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class NameserverResolver(AbstractResolver):
    """Queries the given servers in turn, by UDP, and by TCP after a truncated answer; ignores the hosts file."""

    def __init__(self, nameservers: Sequence[str]) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.nameservers = [parse_nameserver(text) for text in nameservers]
        self._resolver.timeout = ANSWER_TIMEOUT

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host; raises OSError with the reason when it has none."""
        try:
            name = dns.name.from_text(host)
            answers = await self._resolver.resolve_name(name, family, lifetime=LIFETIME)
        except dns.exception.DNSException as error:
            raise OSError(_code(error), _reason(error)) from error
        return _results(host, port, answers.addresses())

    async def close(self) -> None:
        """Do nothing: no connection stays open between queries."""


def parse_nameserver(text: str) -> dns.nameserver.Do53Nameserver:
    """Parse "HOST", "HOST:PORT" or "[IPV6]:PORT", where the host is an address.

    Raises ValueError with a message that shows the accepted forms.
    """
    try:
        # An IPv6 address alone needs no brackets: it has more than one colon.
        parts = urlsplit(f"//[{text}]" if text.count(":") > 1 and "[" not in text else f"//{text}")
        return dns.nameserver.Do53Nameserver(str(ip_address(parts.hostname or "")), parts.port or 53)
    except ValueError as error:
        raise ValueError(
            f"{text!r} is not a name server; write an address as in 9.9.9.9, 127.0.0.1:5353 or [::1]:53"
        ) from error


def _system_addresses(host: str, family: socket.AddressFamily) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except ValueError as error:  # a label too long for IDNA, or a NUL
        raise OSError(socket.EAI_NONAME, "not a valid name") from error
    return [str(address[0]) for *_, address in found]


def _results(host: str, port: int, addresses: Iterable[str]) -> list[ResolveResult]:
    return [
        ResolveResult(
            hostname=host,
            host=address,
            port=port,
            family=socket.AF_INET6 if ":" in address else socket.AF_INET,
            proto=socket.IPPROTO_TCP,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for address in islice(addresses, MAX_ADDRESSES)
    ]


def _code(error: dns.exception.DNSException) -> int:
    """Return the error number of getaddrinfo(3): the name has no address, or no name server could tell."""
    undecided = isinstance(error, dns.exception.Timeout | dns.resolver.NoNameservers)
    return socket.EAI_AGAIN if undecided else socket.EAI_NONAME


def _reason(error: dns.exception.DNSException) -> str:
    match error:
        case dns.resolver.NXDOMAIN():
            return "no such name"
        case dns.resolver.NoAnswer():
            return "the name has no address"
        case dns.exception.Timeout():
            return "no name server answered in time"
        case dns.resolver.NoNameservers():
            return "no name server could answer"
        case _:
            return f"not a valid name: {error}"
