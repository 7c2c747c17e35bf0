"""A worker as the daemon holds it: one process and the socket that leads to it."""

import asyncio
import multiprocessing
import os
import signal
import socket
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import Self

from ingestd.errors import IngestError, WorkerUnready
from ingestd.workers import child, frames

# A forkserver and not fork: no worker inherits the daemon's sockets and event loop, and still
# it starts in a few milliseconds, and shares the memory of what was preloaded.
CONTEXT = multiprocessing.get_context("forkserver")

# Seconds. A start takes 10 ms; this is for a machine that is busy with everything else.
_START_LIMIT = 60.0
# Seconds from the end of the socket to the exit status behind it, which takes under a millisecond.
_END_LIMIT = 2.0
# Seconds the daemon's clock has before the worker's own.
_GRACE = 1.0
# What multiprocessing says when the forkserver is gone, and the exit status with it.
_UNKNOWN = 255


class Worker:
    """One process, which does one job at a time."""

    def __init__(self, channel: socket.socket, process: BaseProcess) -> None:
        self._channel = channel
        self._process = process
        assert process.pid is not None
        self._pid = process.pid
        self._status: int | None = None
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)
        #: How many it was given.
        self.jobs = 0

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._status = self._process.exitcode
        self._process.close()
        self._ended.set()

    @classmethod
    async def start(cls, *, memory: int, time_limit: float) -> Self:
        """Start a process and wait until it can take jobs; the limits are those of one job.

        Raises WorkerUnready when it ends before that, or takes too long over it.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        arguments = (theirs, memory, time_limit + _GRACE)
        process = CONTEXT.Process(target=child.serve, args=arguments, name="ingestd-worker", daemon=True)
        try:
            with theirs:
                process.start()
        except (OSError, EOFError) as error:
            ours.close()
            raise WorkerUnready("no worker could be started: the forkserver ended") from error
        worker = cls(ours, process)
        try:
            await worker._ready()
        except BaseException:
            worker.discard()
            raise
        return worker

    async def _ready(self) -> None:
        try:
            async with asyncio.timeout(_START_LIMIT):
                await self._exactly(len(child.READY))
        except TimeoutError:
            raise WorkerUnready(f"a worker was not ready after {_START_LIMIT:.0f}s") from None
        except (EOFError, ConnectionError):
            raise WorkerUnready(f"a worker {await self.ending()} before it was ready") from None

    async def ask(self, job: bytes) -> tuple[object, IngestError | None]:
        """Send the frame of a job; return its answer, a result or else an error.

        Raises EOFError when the process ends before that; `ending` says how.
        """
        self.jobs += 1
        try:
            await asyncio.get_running_loop().sock_sendall(self._channel, job)
            header = await self._exactly(frames.HEADER.size)
            body = await self._exactly(frames.length(header))
        except ConnectionError as broken:
            raise EOFError from broken
        result, error = frames.unpack(body)
        return result, error

    async def _exactly(self, count: int) -> bytearray:
        loop = asyncio.get_running_loop()
        data = bytearray(count)
        left = memoryview(data)
        while left:
            got = await loop.sock_recv_into(self._channel, left)
            if not got:
                raise EOFError
            left = left[got:]
        return data

    def is_alive(self) -> bool:
        """Say whether the process is still there: its end is the end of the socket."""
        try:
            return bool(self._channel.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def kill(self) -> None:
        """End the process, whatever it does; who waits in `ask` reads the end of the socket."""
        # Asked first, as the number of a process that ended long ago may be another's by now. Not
        # Process.kill, which does nothing once the forkserver is gone.
        if self.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def discard(self) -> None:
        """End the process and close the socket."""
        self.kill()
        self._channel.close()

    async def ending(self) -> str:
        """Wait for the end of the process; return how it ended, as a verb in the past."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_LIMIT):
                await self._ended.wait()
        if self._status in (None, _UNKNOWN):
            return "ended, nobody saw how,"
        if self._status < 0:
            return f"was killed by {signal.Signals(-self._status).name}"
        return f"ended with status {self._status}"
