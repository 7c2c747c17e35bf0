"""A proxy between a client and a server, which can keep the server's answers from the client."""

import asyncio
import socket
from contextlib import suppress


def free_port() -> int:
    """Return a port of the loopback that nobody listens at."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


class Proxy:
    """Forwards connections to a port of the loopback."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        #: What clients sent, all connections together.
        self.requests = bytearray()
        self._muted = False
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def close(self) -> None:
        if self._server:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def mute(self) -> None:
        """Keep from clients whatever the server says from now on."""
        self._muted = True

    def cut(self) -> None:
        """End all connections; those that follow are forwarded in full."""
        self._muted = False
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        up = asyncio.create_task(self._forward(reader, back))
        down = asyncio.create_task(self._forward(there, writer, answers=True))
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, back):
            end.transport.abort()
            self._writers.discard(end)
        await asyncio.gather(up, down, return_exceptions=True)

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if not answers:
                    self.requests += data
                if not (answers and self._muted):
                    writer.write(data)
                    await writer.drain()
