"""aioftp's client, with connections opened by the server's `dial` and answers of bounded length."""

import asyncio
import ssl
from contextlib import suppress

import aioftp

from ingestd.drops.remote import Server

#: Encoding of file names and answers: it maps every byte to a character and back, since senders use any encoding.
ENCODING = "latin-1"

#: Lines of one answer.
_MAX_LINES = 1000


class Client(aioftp.Client):
    """FTP client of one server; `tls` is the context for TLS from the first byte (implicit TLS)."""

    def __init__(self, server: Server, tls: ssl.SSLContext | None) -> None:
        super().__init__(ssl=tls, encoding=ENCODING, socket_timeout=server.seconds)
        self._server = server
        #: Address of the control connection; None until it is open.
        self._peer: str | None = None
        self._data: asyncio.StreamWriter | None = None
        self._lines = 0

    # aioftp has no public way to choose the socket of a connection: its constructor passes keyword arguments on to
    # `asyncio.open_connection`, but always with a host and a port, which exclude `sock`.  Without this method aioftp
    # would resolve names itself and connect past the guard.  This is its only private name in use here;
    # tests/drops/test_ftp_client.py fails when a new version changes it.
    async def _open_connection(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # A data connection goes to the host of the control connection: a server may name any address for its data
        # (RFC 2577, 3, describes the attack in the other direction).
        opened = await self._server.dial(self._peer or host, port)
        context = self._tls_context()
        reader, writer = await asyncio.open_connection(
            sock=opened, ssl=context, server_hostname=self._server.host if context else None
        )
        if self._peer is None:
            self._peer = str(writer.get_extra_info("peername")[0])
        else:
            self._close_data()
            self._data = writer
        return reader, writer

    def _close_data(self) -> None:
        """Close the last data connection, which aioftp leaves open when the server refuses the command for it."""
        if self._data:
            _abort(self._data)
        self._data = None

    def close(self) -> None:
        """Close all connections without waiting for the TLS shutdown."""
        self._close_data()
        if self._peer:
            _abort(self.stream.writer)

    def _tls_context(self) -> ssl.SSLContext | None:
        """Return the context for the next connection; None for one without TLS."""
        secured = self._peer and self.stream.writer.transport.get_extra_info("ssl_object")
        if not secured:
            return self.ssl if isinstance(self.ssl, ssl.SSLContext) else None
        # Servers require the control connection's TLS session, so that no other client can receive the data.
        return aioftp.SSLSessionBoundContext(ssl.PROTOCOL_TLS_CLIENT, context=secured.context, session=secured.session)

    async def protect_data(self) -> None:
        """Switch data connections to TLS (RFC 4217, 9)."""
        await self.command("PBSZ 0", "200")
        await self.command("PROT P", "200")

    async def parse_line(self) -> tuple[aioftp.Code, str]:
        """Read a line of an answer; raises ValueError past the limit."""
        self._lines += 1
        if self._lines > _MAX_LINES:
            raise ValueError(f"an answer of more than {_MAX_LINES} lines")
        return await super().parse_line()

    async def parse_response(self) -> tuple[aioftp.Code, list[str]]:
        """Read an answer."""
        self._lines = 0
        return await super().parse_response()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close a connection at once, even one that is closed already."""
    # asyncio of Python 3.11.2 fails to abort a transport whose TLS has ended; that of 3.11.7 does not.
    with suppress(AttributeError):
        writer.transport.abort()
