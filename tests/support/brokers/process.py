"""A server as a process of its own, which tests kill and start again."""

import asyncio
import os
import shutil
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

from tests.support.brokers.proxy import Proxy

#: Seconds until a server is ready, on a machine that does other things.
READY_TIMEOUT = 120.0


class ServerProcess:
    """A server that says in its output when it is ready."""

    def __init__(
        self, command: Sequence[str], ready: bytes, folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        # It ends with the tests, also when they are killed.
        guard = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
        self._command, self._ready = (*guard, *command), ready
        self._folder = folder
        self._environment = {**os.environ, **(environment or {})}
        self._process: Process | None = None
        self._draining: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the server and wait until it is ready."""
        # In a session of its own: some servers are scripts, and what they start must end with them.
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
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
