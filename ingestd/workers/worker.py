"""Daemon's side of a worker: its process and the socket to it."""

import asyncio
import multiprocessing
import os
import signal
import socket
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self

from ingestd.errors import IngestError, WorkerUnready
from ingestd.workers import child, frames

# A forkserver instead of fork: workers do not inherit the daemon's sockets and event loop, yet start in a few
# milliseconds and share the memory of preloaded modules.
CONTEXT = multiprocessing.get_context("forkserver")

# Seconds.  A start takes 10 ms; the limit allows for an overloaded machine.
_START_TIMEOUT = 60.0
# Seconds from the end of the socket to the exit status, which usually follows within a millisecond.
_EXIT_TIMEOUT = 2.0
# Seconds added to the daemon's wall limit for the worker's own timer.
_GRACE = 1.0
# The exit status that multiprocessing reports when the forkserver, which knows the real one, is gone.
_UNKNOWN_STATUS = 255


class Worker:
    """A process that runs one job at a time."""

    def __init__(self, channel: socket.socket, process: BaseProcess) -> None:
        self._channel = channel
        self._process = process
        assert process.pid is not None
        self._pid = process.pid
        self._status: int | None = None
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._on_exit)
        #: Jobs sent to it so far.
        self.jobs = 0

    def _on_exit(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._status = self._process.exitcode
        self._process.close()
        self._ended.set()

    @classmethod
    async def start(cls, *, memory: int, cpu_limit: float, time_limit: float) -> Self:
        """Start a process and wait until it can take jobs.

        `memory` (bytes), `cpu_limit` and `time_limit` (seconds of CPU time and of wall time) are the limits of one job.

        Raises WorkerUnready when the process ends before it is ready, or is not ready in time.
        """
        daemon_end, worker_end = socket.socketpair()
        daemon_end.setblocking(False)
        arguments = (worker_end, memory, cpu_limit, time_limit + _GRACE)
        process = CONTEXT.Process(target=child.serve, args=arguments, name="ingestd-worker", daemon=True)
        try:
            with worker_end:
                process.start()
        except (OSError, EOFError) as error:
            daemon_end.close()
            raise WorkerUnready("cannot start a worker: the forkserver ended") from error
        worker = cls(daemon_end, process)
        try:
            await worker._wait_until_ready()
        except BaseException:
            worker.discard()
            raise
        return worker

    async def _wait_until_ready(self) -> None:
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                await self._receive_exactly(len(child.READY))
        except TimeoutError:
            raise WorkerUnready(f"a worker was not ready after {_START_TIMEOUT:.0f}s") from None
        except (EOFError, ConnectionError):
            raise WorkerUnready(f"a worker {await self.exit_description()} before it was ready") from None

    async def run(self, job: bytes) -> tuple[object, IngestError | None]:
        """Send the frame of a job; return its result and its error, one of which is None.

        Raises EOFError when the process ends before it answers; `exit_description` then says how.
        """
        self.jobs += 1
        try:
            await asyncio.get_running_loop().sock_sendall(self._channel, job)
            header = await self._receive_exactly(frames.HEADER.size)
            body = await self._receive_exactly(frames.length(header))
        except ConnectionError as broken:
            raise EOFError from broken
        result, error = frames.unpack(body)
        return result, error

    async def _receive_exactly(self, count: int) -> bytearray:
        loop = asyncio.get_running_loop()
        data = bytearray(count)
        remaining = memoryview(data)
        while remaining:
            received = await loop.sock_recv_into(self._channel, remaining)
            if not received:
                raise EOFError
            remaining = remaining[received:]
        return data

    def progress(self) -> tuple[str, int]:
        """Return the state of the process, as in proc(5) ("R" while it runs or waits for a CPU), and its CPU ticks.

        The state is "X" once the process has ended.
        """
        try:
            _, _, line = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")
        except OSError:
            return "X", 0
        fields = line.split()
        return fields[0], int(fields[11]) + int(fields[12])

    @property
    def exceeded_cpu_limit(self) -> bool:
        """Whether the process ended because its job exceeded the limit of CPU time; known once it has ended."""
        return self._status == -signal.SIGPROF

    def is_alive(self) -> bool:
        """Return whether the process is alive: its end of the socket closes when it ends."""
        try:
            return bool(self._channel.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def kill(self) -> None:
        """Kill the process; a pending `run` raises EOFError."""
        # Checked first, as the pid of a process that ended may have been reused.  `Process.kill` is not used: it does
        # nothing once the forkserver is gone.
        if self.is_alive():
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def discard(self) -> None:
        """Kill the process and close the socket."""
        self.kill()
        self._channel.close()

    async def exit_description(self) -> str:
        """Wait for the end of the process; return how it ended, as in "was killed by SIGKILL"."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_EXIT_TIMEOUT):
                await self._ended.wait()
        if self._status in (None, _UNKNOWN_STATUS):
            return "ended with an unknown status"
        if self._status < 0:
            return f"was killed by {signal.Signals(-self._status).name}"
        return f"ended with status {self._status}"
