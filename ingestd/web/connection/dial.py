"""Open connections for protocols other than HTTP, through the same guard as the fetcher."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from aiohttp.abc import AbstractResolver

from ingestd.errors import ConfigError, FetchError, Forbidden, Unanswered, Unreachable
from ingestd.web.connection.guard import Blocked, Guard

#: Seconds to connect, for all addresses of a name together.
CONNECT_TIMEOUT = 15.0

#: Error numbers for a name that no name server could resolve or deny, and for an address that does not respond.
UNDECIDED_LOOKUPS = frozenset((socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM))
SILENT_ERRORS = frozenset((errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.ETIMEDOUT))

Address = tuple[socket.AddressFamily, str]


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a TLS context that trusts the system's authorities and those in `ca_file`; raises ConfigError."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except ssl.SSLError as error:
            raise ConfigError(f"ca_file: no certificates in {ca_file}: {error.reason or error}") from error
        except OSError as error:
            raise ConfigError(f"ca_file: cannot read {ca_file}: {error.strerror}") from error
    return context


async def dial(resolver: AbstractResolver, guard: Guard, host: str, port: int, *, url: str) -> socket.socket:
    """Return a socket connected to a host, at the first of its addresses that accepts.

    Raises Forbidden when the guard refuses all addresses, Unanswered when none responds, Unreachable.
    """
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            return await _connect_first(guard, await _addresses(resolver, host, url), port, url)
    except TimeoutError as error:
        raise Unanswered(url, "no connection, the server does not respond") from error


async def _addresses(resolver: AbstractResolver, host: str, url: str) -> Sequence[Address]:
    try:
        literal = ip_address(host)
    except ValueError:
        pass
    else:
        return [(socket.AF_INET if literal.version == 4 else socket.AF_INET6, host)]
    try:
        found = await resolver.resolve(host, 0, socket.AF_UNSPEC)
    except OSError as error:
        kind = Unanswered if error.errno in UNDECIDED_LOOKUPS else Unreachable
        raise kind(url, f"no address for this name: {error.strerror}") from error
    return [(socket.AddressFamily(one["family"]), one["host"]) for one in found]


async def _connect_first(guard: Guard, addresses: Sequence[Address], port: int, url: str) -> socket.socket:
    failure: FetchError = Unreachable(url, "no address for this name")
    for family, address in addresses:
        try:
            return await _connect(guard, family, address, port)
        except Blocked as error:
            # The error of an address that was tried says more.
            failure = failure if isinstance(failure.__cause__, OSError) else Forbidden(url, error.reason)
        except OSError as error:
            kind = Unanswered if error.errno in SILENT_ERRORS else Unreachable
            failure = kind(url, os.strerror(error.errno) if error.errno else str(error))
            failure.__cause__ = error
    raise failure


async def _connect(guard: Guard, family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    opened = guard.open_socket((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)))
    try:
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, (address, port))
    except BaseException:
        opened.close()
        raise
    return opened
