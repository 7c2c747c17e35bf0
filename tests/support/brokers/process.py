"""A server as a process of its own, which tests kill and start again."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

from tests.support.brokers.proxy import Proxy

#: Seconds until a server is ready, on a machine that does other things.
READY_TIMEOUT = 120.0

#: Starts a command that ends with its parent, also when that is killed, and with it its whole process group: a death
#: signal (`setpriv --pdeathsig`) reaches a script alone, and what it started lives on.  The parent holds the other end
#: of standard input and writes nothing: the read ends when the parent does.
_ENDS_WITH_PARENT = (
    "sh",
    "-c",
    'exec 3<&0; (read -r nothing <&3; kill -KILL 0) >/dev/null 2>&1 & exec "$@" </dev/null 3<&-',
    "sh",
)


class ServerProcess:
    """A server that says in its output when it is ready."""

    def __init__(
        self, command: Sequence[str], ready: bytes, folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command, self._ready = tuple(command), ready
        self._folder = folder
        self._environment = {**os.environ, **(environment or {})}
        self._process: Process | None = None
        self._draining: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the server and wait until it is ready."""
        # In a session of its own: some servers are scripts, and what they start must end with them.
        self._process = await asyncio.create_subprocess_exec(
            *_ENDS_WITH_PARENT,
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=STDOUT,
            env=self._environment,
            cwd=self._folder,
            start_new_session=True,
        )
        said: list[bytes] = []
        assert self._process.stdout
        try:
            async with asyncio.timeout(READY_TIMEOUT):
                while line := await self._process.stdout.readline():
                    said.append(line)
                    if self._ready in line:
                        self._draining = asyncio.create_task(self._drain(self._process))
                        return
        except TimeoutError:
            pass
        await self.kill()
        raise AssertionError(f"{self._command} did not start:\n{b''.join(said).decode(errors='replace')}")

    async def kill(self) -> None:
        """End the server by SIGKILL, with everything that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if self._draining:
            await self._draining
            self._draining = None

    @staticmethod
    async def _drain(process: Process) -> None:
        assert process.stdout
        while await process.stdout.read(65_536):
            pass


class _Server(Protocol):
    """A broker behind a proxy."""

    proxy: Proxy

    async def start(self) -> None: ...

    async def kill(self) -> None: ...


S = TypeVar("S", bound=_Server)


@asynccontextmanager
async def running(server: S) -> AsyncIterator[S]:
    """Start a broker and its proxy, and end both."""
    try:
        await server.start()
        await server.proxy.start()
        yield server
    finally:
        await server.proxy.close()
        await server.kill()
