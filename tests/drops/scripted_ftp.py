"""FTP server with the answers of a test, and valid ones to all commands that the test does not mention."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

#: Answer to a command, of one or more lines, without the last line end; a function gets the command's argument.
Answer = str | bytes | Callable[[str], str | bytes]

SILENCE, HANG_UP = "", "hang up"

ANSWERS: dict[str, Answer] = {
    "USER": "331 who?", "PASS": "230 welcome", "TYPE": "200 binary", "PWD": '257 "/out"', "CWD": "250 there",
    "RNFR": "350 to?", "RNTO": "250 moved", "QUIT": "221 bye", "MKD": "257 made", "SIZE": "213 1",
    "MLST": "250-it is\r\n type=file;size=1;modify=20260131120000; x\r\n250 so",
}  # fmt: skip


@dataclass
class ScriptedFtp:
    """A scripted FTP server, which records the commands it receives."""

    port: int
    answers: dict[str, Answer]
    #: Command → what it sends over the data connection; None to send nothing and leave the connection open.
    data: Mapping[str, bytes | Iterable[bytes] | None]
    commands: list[str] = field(default_factory=list)
    data_server: asyncio.Server | None = None
    stream: "asyncio.Future[asyncio.StreamWriter] | None" = None

    def close(self) -> None:
        """Close the data connection and its listening socket."""
        if self.data_server:
            self.data_server.close()
        if self.stream and self.stream.done():
            self.stream.result().transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):
            writer.write(b"220 ready\r\n")
            while line := await reader.readline():
                command = line.decode(errors="surrogateescape").rstrip("\r\n")
                self.commands.append(command)
                await self._answer(command, writer)
        self.close()
        writer.transport.abort()

    async def _answer(self, command: str, writer: asyncio.StreamWriter) -> None:
        verb, _, rest = command.partition(" ")
        answer = self.answers.get(verb, "502 no such command")
        if verb == "EPSV" and verb not in self.answers:
            self.close()
            self.data_server = await asyncio.start_server(self._accept_data, "127.0.0.1", 0)
            answer = f"229 (|||{self.data_server.sockets[0].getsockname()[1]}|)"
            self.stream = asyncio.get_running_loop().create_future()
        if verb in self.data:
            writer.write(b"150 here it comes\r\n")
            data = self.data[verb]
            answer = SILENCE if data is None else await self._send(data)
        text = answer(rest) if callable(answer) else answer
        if text == SILENCE:
            return
        if text == HANG_UP:
            raise ConnectionResetError
        writer.write((text.encode() if isinstance(text, str) else text) + b"\r\n")
        await writer.drain()

    def _accept_data(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self.stream
        self.stream.set_result(writer)

    async def _send(self, data: bytes | Iterable[bytes]) -> str:
        assert self.stream
        stream = await self.stream
        try:
            for block in (data,) if isinstance(data, bytes) else data:
                stream.write(block)
                await stream.drain()
        except ConnectionError:
            return "426 aborted"
        finally:
            stream.close()
        return "226 sent"


@asynccontextmanager
async def scripted_ftp(
    answers: Mapping[str, Answer] | None = None, data: Mapping[str, bytes | Iterable[bytes] | None] | None = None
) -> AsyncIterator[ScriptedFtp]:
    ftp = ScriptedFtp(0, {**ANSWERS, **(answers or {})}, data or {})
    tasks: set[asyncio.Task[None]] = set()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(ftp.serve(reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    ftp.port = server.sockets[0].getsockname()[1]
    async with server:
        yield ftp
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        ftp.close()
