"""Names to addresses: as the system does it, or by asking exactly the name servers that are set."""

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

#: Names the system looks up at the same time.  A lookup that hangs keeps its thread for some 30 seconds;
#: asyncio's own pool has six threads on two cores, and is there for other work too.
THREADS = 32

#: Addresses of one name that are tried: a name may have hundreds, and each that is dead takes its time.
MAX_ADDRESSES = 8

#: Seconds for all questions about one name, and for one answer of one server.
LIFETIME = 10.0
ANSWER_TIMEOUT = 2.0


def open_resolver(nameservers: Sequence[str]) -> AbstractResolver:
    """Return a resolver that asks `nameservers`, or the system's where there are none."""
    return NameserverResolver(nameservers) if nameservers else SystemResolver()


class SystemResolver(AbstractResolver):
    """Asks getaddrinfo: the hosts file, the system's name servers, and whatever else it is set up for."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host, best first; raises OSError when it has none."""
        loop = asyncio.get_running_loop()
        return _results(host, port, await loop.run_in_executor(self._threads, _system_addresses, host, family))

    async def close(self) -> None:
        """Let go of the threads; lookups under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class NameserverResolver(AbstractResolver):
    """Asks the given servers in turn, by UDP and where an answer is cut short by TCP; never the hosts file."""

    def __init__(self, nameservers: Sequence[str]) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.nameservers = [parse_nameserver(text) for text in nameservers]
        self._resolver.timeout = ANSWER_TIMEOUT

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host; raises OSError with the reason when there are none."""
        try:
            name = dns.name.from_text(host)
            answers = await self._resolver.resolve_name(name, family, lifetime=LIFETIME)
        except dns.exception.DNSException as error:
            raise OSError(_code(error), _reason(error)) from error
        return _results(host, port, answers.addresses())

    async def close(self) -> None:
        """Nothing stays open between two questions."""


def parse_nameserver(text: str) -> dns.nameserver.Do53Nameserver:
    """Read "HOST", "HOST:PORT" or "[IPV6]:PORT", where the host is an address.

    Raises ValueError with a message that shows the form.
    """
    try:
        # An IPv6 address alone needs no brackets: it has more than one colon.
        parts = urlsplit(f"//[{text}]" if text.count(":") > 1 and "[" not in text else f"//{text}")
        return dns.nameserver.Do53Nameserver(str(ip_address(parts.hostname or "")), parts.port or 53)
    except ValueError as error:
        raise ValueError(f"{text!r} is no name server; write it as in 9.9.9.9, 127.0.0.1:5353 or [::1]:53") from error


def _system_addresses(host: str, family: socket.AddressFamily) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except ValueError as error:  # a label too long for IDNA, a NUL
        raise OSError(socket.EAI_NONAME, "not a name") from error
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
    """Return what getaddrinfo(3) would: whether a name server decided, or none could."""
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
            return f"not a name: {error}"
