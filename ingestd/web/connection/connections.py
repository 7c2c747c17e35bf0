"""Connections: opened past the guard, kept for a while, and what it means when one fails."""

import errno
import os
import re
from contextvars import ContextVar
from socket import EAI_AGAIN, EAI_FAIL, EAI_SYSTEM, SO_RCVBUF, SOL_SOCKET, socket

import aiohttp

from ingestd.errors import BrokenReply, FetchError, Forbidden, TimedOut, Unanswered, Unreachable
from ingestd.text import collapse
from ingestd.web.connection.guard import Blocked, Guard

# Characters of a parser's complaint to keep: it quotes the server, which may say anything at any length.
_LONGEST_COMPLAINT = 200

# What the system says of a name that nobody could decide on, and of an address that nothing comes back from.
_UNDECIDED = frozenset((EAI_AGAIN, EAI_FAIL, EAI_SYSTEM))
_SILENT = frozenset((errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.ETIMEDOUT))
_NUMBER = re.compile(r"\[Errno (\d+)\]")


class Attempt:
    """What became of the sockets of one request."""

    __slots__ = ("objection", "sockets")

    def __init__(self) -> None:
        #: Those it opened: none where it used a connection that was kept open.
        self.sockets: list[socket] = []
        #: Why the guard refused an address.
        self.objection: str | None = None

    @property
    def connects(self) -> bool:
        """Whether it tried a connection of its own."""
        return bool(self.sockets)

    @property
    def connected(self) -> bool:
        """Whether one of its sockets has somebody at its other end."""
        return any(_has_peer(one) for one in self.sockets)


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
    attempt.sockets.append(opened)
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
        return _late(url, attempt, "connected, but no TLS in time")
    if isinstance(error, TimeoutError):
        return _late(url, attempt, f"no whole answer within {seconds:g} s")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError):
        if attempt.objection and not attempt.connects:
            return Forbidden(url, attempt.objection)
        return (Unanswered if is_silence(error) else Unreachable)(url, _no_connection(error))
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


def _late(url: str, attempt: Attempt, reason: str) -> FetchError:
    """Return what it is when the time was over: TimedOut with `reason`, or Unanswered where nobody ever was there."""
    if attempt.connects and not attempt.connected:
        return Unanswered(url, "no connection, the server does not answer")
    return TimedOut(url, reason)


def is_silence(error: aiohttp.ClientError) -> bool:
    """Say whether an error means that nothing came back, rather than a refusal of some kind."""
    os_error = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
    if os_error is None:
        return False
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        # "Temporary failure" is what the system says of a name whose servers are broken, and of our own that is.
        return os_error.errno in _UNDECIDED
    # Where several addresses failed, each in its own way, their numbers are in the text alone.
    numbers = [os_error.errno] if os_error.errno else [int(number) for number in _NUMBER.findall(str(os_error))]
    return bool(numbers) and _SILENT.issuperset(numbers)


def _has_peer(one: socket) -> bool:
    try:
        one.getpeername()
    except OSError:
        return False
    return True


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
