"""Count the bytes that arrive for one request, and close its connection when they exceed a limit.

The limit of a body counts its content.  A server can send much more around it: extensions of chunks, trailers, interim
responses (1xx), headers.  They are counted where they arrive, in the socket, so TLS and whatever a parser skips count.
"""

import errno
import os
from socket import socket
from typing import Any
from weakref import WeakValueDictionary

import aiohttp

# Bytes beyond the bodies: 128 headers of 8 KiB are one MiB, the most that aiohttp accepts.
_OVERHEAD = 2**20
# Chunks of twelve bytes double a body.
_FACTOR = 2


def wire_limit(body_limit: int) -> int:
    """Return how many bytes may arrive for a response whose body may have `body_limit` bytes."""
    return _FACTOR * body_limit + _OVERHEAD


class CountingSocket(socket):
    """Socket that raises OSError from `recv` once more bytes have arrived than the request may have."""

    _left: int | None = None
    #: Whether more bytes have arrived than allowed.
    exceeded = False

    def begin(self, limit: int) -> None:
        """Allow `limit` bytes from now on."""
        self._left = limit

    def recv(self, *args: Any) -> bytes:
        """Receive as `socket.recv`."""
        data = super().recv(*args)
        self._count(len(data))
        return data

    def recv_into(self, *args: Any) -> int:
        """Receive as `socket.recv_into`."""
        count = super().recv_into(*args)
        self._count(count)
        return count

    def _count(self, count: int) -> None:
        if self._left is None:
            return
        self._left -= count
        if self._left < 0:
            self.exceeded = True
            # The transport closes the connection.
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))


#: File descriptor → the socket that has it: a transport shows its socket's number, but not the socket.
_open: WeakValueDictionary[int, CountingSocket] = WeakValueDictionary()


def register(opened: CountingSocket) -> None:
    """Have `socket_of` find a socket."""
    _open[opened.fileno()] = opened


def socket_of(connection: aiohttp.connector.Connection) -> CountingSocket | None:
    """Return the socket of a connection, new or kept open; None when it is closed already."""
    found = connection.transport.get_extra_info("socket") if connection.transport else None
    return _open.get(found.fileno()) if found else None
