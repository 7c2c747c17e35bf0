"""A proxy in front of PostgreSQL that cuts a connection at a COMMIT, so that the client does not know its outcome."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Literal
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

#: committed: the server has committed, its answer is lost.  lost: the server never sees the COMMIT.
Outcome = Literal["committed", "lost"]


class CommitProxy:
    """Forwards connections; `cut` says which COMMIT is the last message of its connection."""

    def __init__(self, target: str) -> None:
        self._target = conninfo_to_dict(target)
        self._cut: tuple[bytes, Outcome] | None = None
        self._passed_over = 0
        self._on_cut: Callable[[], None] = lambda: None
        self._connections: set[asyncio.Task[None]] = set()
        self.url = ""
        #: How many connections were cut.
        self.cuts = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, target: str) -> AsyncIterator["CommitProxy"]:
        """Open a proxy on a free port of the loopback; `target` is the URL of a database."""
        proxy = cls(target)
        server = await asyncio.start_server(proxy._connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        user, name = (quote(str(proxy._target[key])) for key in ("user", "dbname"))
        proxy.url = f"postgresql://{user}@127.0.0.1:{port}/{name}?sslmode=disable&gssencmode=disable"
        try:
            yield proxy
        finally:
            server.close()
            for task in proxy._connections:
                task.cancel()
            await asyncio.gather(*proxy._connections, return_exceptions=True)

    def cut(
        self, words: str, outcome: Outcome, *, passed_over: int = 0, on_cut: Callable[[], None] = lambda: None
    ) -> None:
        """Cut the next connection that commits a transaction with these words in a statement or in its values.

        So many such commits are passed over first.  `on_cut` is called before the client can know of the cut.
        """
        self._cut, self._passed_over, self._on_cut = (words.encode(), outcome), passed_over, on_cut

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._forward(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _forward(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        host, port = str(self._target.get("host") or "127.0.0.1"), int(self._target.get("port") or 5432)
        if host.startswith("/"):
            server, to_server = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            server, to_server = await asyncio.open_connection(host, port)
        answers = asyncio.create_task(_copy(server, to_client))
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._forward_messages(client, to_server, answers)
            if not answers.done() and not to_server.is_closing():
                to_server.close()
        finally:
            answers.cancel()
            await asyncio.wait([answers])
            to_server.transport.abort()
            to_client.transport.abort()

    async def _forward_messages(
        self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter, answers: asyncio.Task[None]
    ) -> None:
        """Forward what the client sends, message by message (PostgreSQL's manual, 54.7), to the end or to a cut."""
        to_server.write(await _message(client, kind=b""))
        is_marked = False
        while True:
            kind = await client.readexactly(1)
            message = await _message(client, kind)
            if self._cut and self._cut[0] in message:
                is_marked = True
            if kind == b"Q" and message[5:].upper().startswith(b"COMMIT"):
                if is_marked and self._passed_over:
                    self._passed_over -= 1
                elif is_marked and self._cut:
                    _, outcome = self._cut
                    self._cut = None
                    self.cuts += 1
                    # From here on the client gets no answer.
                    answers.cancel()
                    await asyncio.wait([answers])
                    if outcome == "committed":
                        await self._finish(message, to_server)
                    self._on_cut()
                    return
                is_marked = False
            to_server.write(message)
            await to_server.drain()

    async def _finish(self, message: bytes, to_server: asyncio.StreamWriter) -> None:
        """Have the server commit and end: it reads what was sent before the end of the connection."""
        to_server.write(message + b"X\x00\x00\x00\x04")
        await to_server.drain()
        to_server.close()
        await to_server.wait_closed()


async def _message(reader: asyncio.StreamReader, kind: bytes) -> bytes:
    length = await reader.readexactly(4)
    return kind + length + await reader.readexactly(int.from_bytes(length) - 4)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
