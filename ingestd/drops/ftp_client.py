"""aioftp's client with connections of our own, and answers that end."""

import asyncio
import ssl
from contextlib import suppress

import aioftp
from aioftp.common import SSLSessionBoundContext

from ingestd.drops.remote import Server

#: Every byte is a character of it, and comes back as it was: names are in whatever encoding their sender had.
BYTES = "latin-1"

#: Lines of one answer at the most.
_MOST_LINES = 1000


class Client(aioftp.Client):
    """A client of one server; `tls` is for TLS from the first byte on."""

    def __init__(self, server: Server, tls: ssl.SSLContext | None) -> None:
        super().__init__(ssl=tls, encoding=BYTES, socket_timeout=server.seconds)
        self._server = server
        self._peer: str | None = None
        self._data: asyncio.StreamWriter | None = None
        self._lines = 0

    async def _open_connection(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # A server may name any address for its data (RFC 2577, 3, has it for the other direction).
        opened = await self._server.dial(self._peer or host, port)
        context = self._context()
        reader, writer = await asyncio.open_connection(
            sock=opened, ssl=context, server_hostname=self._server.host if context else None
        )
        if self._peer is None:
            self._peer = str(writer.get_extra_info("peername")[0])
        else:
            self._let_go()
            self._data = writer
        return reader, writer

    def _let_go(self) -> None:
        """Close the last data connection, which aioftp leaves open where the server refused what it was for."""
        if self._data:
            _abort(self._data)
        self._data = None

    def close(self) -> None:
        """Close all connections, and wait for nobody's end of TLS."""
        self._let_go()
        if self._stream:
            _abort(self._stream.writer)

    def _context(self) -> ssl.SSLContext | None:
        secured = self._stream and self._stream.writer.transport.get_extra_info("ssl_object")
        if not secured:
            return self.ssl if isinstance(self.ssl, ssl.SSLContext) else None
        # Servers want the session again, so that nobody else takes the data.
        return SSLSessionBoundContext(ssl.PROTOCOL_TLS_CLIENT, context=secured.context, session=secured.session)

    async def protect(self) -> None:
        """Have data encrypted as well (RFC 4217, 9)."""
        await self.command("PBSZ 0", "200")
        await self.command("PROT P", "200")

    async def parse_line(self) -> tuple[aioftp.Code, str]:
        """Read a line of an answer."""
        self._lines += 1
        if self._lines > _MOST_LINES:
            raise ValueError("an answer that does not end")
        return await super().parse_line()

    async def parse_response(self) -> tuple[aioftp.Code, list[str]]:
        """Read an answer."""
        self._lines = 0
        return await super().parse_response()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close a connection at once, and be content with one that is closed."""
    # asyncio of Python 3.11.2 has nothing left to abort where TLS has ended, and fails; that of 3.11.7 does not.
    with suppress(AttributeError):
        writer.transport.abort()
