"""Hooks into aiohttp's connections: open sockets through the guard, prevent resends, map failures to FetchError."""

import os
import re
from contextvars import ContextVar
from socket import SO_RCVBUF, SOL_SOCKET, socket

import aiohttp
from aiohttp.tracing import Trace

from ingestd.errors import BrokenReply, FetchError, Forbidden, TimedOut, TooLarge, Unanswered, Unreachable
from ingestd.text import collapse
from ingestd.web.connection.dial import SILENT_ERRORS, UNDECIDED_LOOKUPS
from ingestd.web.connection.guard import Blocked, Guard
from ingestd.web.connection.wire_limit import CountingSocket, register, socket_of, wire_limit

# Characters kept of a parser's error: it quotes the server, which may send anything of any length.
_MAX_REASON = 200

_ERROR_NUMBER = re.compile(r"\[Errno (\d+)\]")


class Attempt:
    """Sockets opened for one request."""

    __slots__ = ("address", "blocked_reason", "sockets", "wire", "wire_limit")

    def __init__(self, wire_limit: int) -> None:
        #: Bytes that may arrive for the request.
        self.wire_limit = wire_limit
        #: The socket that the request uses; None while it has no connection.
        self.wire: CountingSocket | None = None
        #: Empty when the request used a connection that was kept open.
        self.sockets: list[socket] = []
        #: The address that it is connected to; None while it is not.
        self.address: str | None = None
        #: Why the guard refused an address; None when it refused none.
        self.blocked_reason: str | None = None

    @property
    def opened_socket(self) -> bool:
        """Whether the request opened a socket of its own."""
        return bool(self.sockets)

    @property
    def connected(self) -> bool:
        """Whether one of its sockets is connected, or was: a connection that the request used may be lost by now."""
        return self.wire in self.sockets or any(_has_peer(one) for one in self.sockets)


# Bytes of the system's receive buffer, which also bounds one read.  By default the system lets a fast server fill
# 6 MiB a connection; this is enough for 1 MiB/s from the other end of the world.
_RECEIVE_BUFFER = 128 * 1024

# aiohttp opens the sockets of a request in its task, or in one that inherits its context.
_attempt: ContextVar[Attempt] = ContextVar("attempt")


class Connector(aiohttp.TCPConnector):
    """Connector that limits the bytes that arrive for a request."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> aiohttp.connector.Connection:
        """Return a connection for a request, which may receive its attempt's `wire_limit`."""
        connection = await super().connect(req, traces, timeout)
        attempt = _attempt.get()
        if counted := socket_of(connection):
            counted.begin(attempt.wire_limit)
            attempt.address = _peer(counted)
        attempt.wire = counted
        return connection


def begin_attempt(body_limit: int) -> Attempt:
    """Return a new attempt that records the sockets this task opens from now on.

    The body of the response may have `body_limit` bytes.
    """
    attempt = Attempt(wire_limit(body_limit))
    _attempt.set(attempt)
    return attempt


def open_socket(guard: Guard, addr_info: aiohttp.AddrInfoType) -> socket:
    """Open a socket through the guard and record it; with the guard bound, this is aiohttp's `socket_factory`.

    Raises Blocked when the address is forbidden.
    """
    attempt = _attempt.get()
    try:
        opened = guard.open_socket_as(CountingSocket, addr_info)
    except Blocked as error:
        attempt.blocked_reason = error.reason
        raise
    register(opened)
    opened.setsockopt(SOL_SOCKET, SO_RCVBUF, _RECEIVE_BUFFER)
    attempt.sockets.append(opened)
    return opened


async def send_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from resending a request that was lost on a new connection; an aiohttp middleware.

    aiohttp rightly resends once when a kept connection is lost, since the server closed it as the request was written
    (RFC 9112, 9.3.1).  A server that drops a new connection must not get the request twice.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if _attempt.get().opened_socket:
            raise aiohttp.ClientPayloadError("the connection ended before the response") from error
        raise


def fetch_error(  # noqa: PLR0911 - one return for each kind of error
    url: str, error: TimeoutError | aiohttp.ClientError, attempt: Attempt, *, seconds: float, may_quote: bool
) -> FetchError:
    """Return the FetchError for an error of aiohttp, or for the deadline of `seconds`.

    `may_quote` allows the message to quote the server's response, which may repeat what it was sent, such as a login.
    """
    if attempt.wire and attempt.wire.exceeded:
        # Whatever the error: on a busy host the deadline may pass before the reader learns that the connection is lost.
        return TooLarge(url, f"more than {attempt.wire_limit} bytes arrived for one response")
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return _timed_out(url, attempt, "connected, but no TLS in time")
    if isinstance(error, TimeoutError):
        return _timed_out(url, attempt, f"no complete response within {seconds:g} s")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError):
        if attempt.blocked_reason and not attempt.opened_socket:
            return Forbidden(url, attempt.blocked_reason)
        return (Unanswered if is_unanswered(error) else Unreachable)(url, _connect_reason(error))
    if isinstance(error, aiohttp.InvalidURL):
        return Forbidden(url, error.description or "not an http(s) URL")
    return BrokenReply(url, _reply_reason(error, may_quote=may_quote))


def _reply_reason(error: aiohttp.ClientError, *, may_quote: bool) -> str:
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection ended before the response"
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError) and not may_quote:
        return "no complete response; it is not quoted because it may contain the login"
    message = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    return collapse(message)[:_MAX_REASON] or type(error).__name__


def _timed_out(url: str, attempt: Attempt, reason: str) -> FetchError:
    """Return TimedOut with `reason`, or Unanswered when no connection was made."""
    if attempt.opened_socket and not attempt.connected:
        return Unanswered(url, "no connection, the server does not respond")
    return TimedOut(url, reason)


def is_unanswered(error: aiohttp.ClientError) -> bool:
    """Return whether an error means that nothing came back, as opposed to a refusal."""
    os_error = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
    if os_error is None:
        return False
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        # getaddrinfo(3) reports "temporary failure" when the name's servers are broken and when the local one is.
        return os_error.errno in UNDECIDED_LOOKUPS
    # When several addresses failed with different errors, their numbers are only in the text.
    numbers = [os_error.errno] if os_error.errno else [int(number) for number in _ERROR_NUMBER.findall(str(os_error))]
    return bool(numbers) and SILENT_ERRORS.issuperset(numbers)


def _has_peer(one: socket) -> bool:
    return _peer(one) is not None


def _peer(one: socket) -> str | None:
    try:
        return str(one.getpeername()[0])
    except OSError:
        return None


def _connect_reason(error: aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"no TLS: {error.certificate_error}"
        case aiohttp.ClientSSLError():
            return f"no TLS: {error.os_error}"
        case aiohttp.ClientConnectorDNSError():
            return f"no address for this name: {error.os_error.strerror}"
        case _:
            # asyncio's own text repeats the address instead of the reason.
            return os.strerror(error.os_error.errno) if error.os_error.errno else str(error.os_error)
