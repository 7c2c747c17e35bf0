"""Connections: opened past the guard, kept for a while, and what it means when one fails."""

import os
from contextvars import ContextVar
from socket import SO_RCVBUF, SOL_SOCKET, socket

import aiohttp

from ingestd.errors import BrokenReply, FetchError, Forbidden, TimedOut, Unreachable
from ingestd.text import collapse
from ingestd.web.guard import Blocked, Guard

# Characters of a parser's complaint to keep: it quotes the server, which may say anything at any length.
_LONGEST_COMPLAINT = 200


class Attempt:
    """What became of the sockets of one request."""

    __slots__ = ("connects", "objection")

    def __init__(self) -> None:
        #: Whether it tried a connection of its own, rather than one that was kept open.
        self.connects = False
        #: Why the guard refused an address.
        self.objection: str | None = None


# Bytes that the system takes in for us before we read them, which is also how much one read may bring.  Left to itself
# it lets a server that is fast have 6 MiB a connection; this is enough for 1 MiB/s from the other end of the world.
_RECEIVED = 128 * 1024

# aiohttp opens sockets in the task of their request, or in one that inherits its context.
_attempt: ContextVar[Attempt] = ContextVar("attempt")


def begin_attempt() -> Attempt:
    """Return where the sockets that this task opens from now on are noted."""
    attempt = Attempt()
    _attempt.set(attempt)
    return attempt


def open_socket(guard: Guard, addr_info: aiohttp.AddrInfoType) -> socket:
    """Open a socket past the guard and note it; with its guard bound, aiohttp's `socket_factory`.

    Raises Blocked when the address must not be connected to.
    """
    attempt = _attempt.get()
    try:
        opened = guard.open_socket(addr_info)
    except Blocked as error:
        attempt.objection = error.reason
        raise
    opened.setsockopt(SOL_SOCKET, SO_RCVBUF, _RECEIVED)
    attempt.connects = True
    return opened


async def send_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request that was lost on a fresh connection.

    Where a kept connection was lost, it repeats it, once and rightly: the server closed it as we wrote (RFC 9112,
    9.3.1).  A server that hangs up on us as soon as it hears us is not to be asked twice.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if _attempt.get().connects:
            raise aiohttp.ClientPayloadError("the connection ended before the answer") from error
        raise


def failure(
    url: str, error: TimeoutError | aiohttp.ClientError, attempt: Attempt, *, seconds: float, quotes: bool
) -> FetchError:
    """Return what an error of aiohttp's is to us, or our deadline of so many seconds.

    `quotes` is whether it may say what the server sent: a server may repeat what it was sent.
    """
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Unreachable(url, "no connection, the server does not answer")
    if isinstance(error, TimeoutError):
        return TimedOut(url, f"no whole answer within {seconds:g} s")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError):
        if attempt.objection and not attempt.connects:
            return Forbidden(url, attempt.objection)
        return Unreachable(url, _no_connection(error))
    if isinstance(error, aiohttp.InvalidURL):
        return Forbidden(url, error.description or "not an http(s) URL")
    return BrokenReply(url, _complaint(error, quotes=quotes))


def _complaint(error: aiohttp.ClientError, *, quotes: bool) -> str:
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection ended before the answer"
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError) and not quotes:
        return "no whole answer; what came is not quoted, for a login may be in it"
    complaint = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return collapse(complaint)[:_LONGEST_COMPLAINT] or type(error).__name__


def _no_connection(error: aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"no TLS: {error.certificate_error}"
        case aiohttp.ClientSSLError():
            return f"no TLS: {error.os_error}"
        case aiohttp.ClientConnectorDNSError():
            return f"no address for this name: {error.os_error.strerror}"
        case _:
            # asyncio's own text for it repeats the address instead of the reason.
            return os.strerror(error.os_error.errno) if error.os_error.errno else str(error.os_error)
