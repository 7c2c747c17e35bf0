"""What runs inside a worker process: one job after the other, until the daemon closes the socket."""

import gc
import importlib
import logging
import mmap
import os
import resource
import signal
import socket
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ingestd.errors import IngestError, WorkerBug, WorkerOutOfMemory
from ingestd.workers import frames

#: What a worker says once it can take jobs.
READY = b"\x06"

# How much nicer than the daemon, whose event loop has to be first in line for a core.
_NICENESS = 5
# For the kernel, when the machine is out of memory: rather a worker than the daemon (proc(5)).
_OOM_SCORE = "500"
_TRACE_LIMIT = 10_000  # characters: a deep recursion prints a long trace


def serve(channel: socket.socket, memory: int, time_limit: float) -> None:
    """Do the jobs that come down the channel, until its other end closes.

    `memory` is how many bytes of address space a job may add to the idle process.
    After `time_limit` seconds in one job the kernel ends the process.
    """
    _settle(memory)
    with channel, suppress(ConnectionError):
        channel.sendall(READY)
        while (job := _receive(channel)) is not None:
            # The daemon's own clock comes first. This one is for a worker whose daemon was killed in
            # the middle of a job that never ends: nobody else is left to end it.
            signal.setitimer(signal.ITIMER_REAL, time_limit)
            answer = _answer(job)
            signal.setitimer(signal.ITIMER_REAL, 0)
            channel.sendall(answer)


def _settle(memory: int) -> None:
    # Ctrl-C goes to the whole process group; what it means for a job is the daemon's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.dup2(2, 1)  # standard output is for results, not for what a library prints
    # Libraries warn about the markup of strangers; that is no event of the daemon's log.
    logging.getLogger().addHandler(logging.NullHandler())
    os.nice(_NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    gc.freeze()  # what was preloaded stays shared with the other workers: the collector won't touch it
    limit = _address_space() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _address_space() -> int:
    pages, *_ = Path("/proc/self/statm").read_text().split()
    return int(pages) * mmap.PAGESIZE


def _receive(channel: socket.socket) -> bytearray | None:
    header = _exactly(channel, frames.HEADER.size)
    return header and _exactly(channel, frames.length(header))


def _exactly(channel: socket.socket, count: int) -> bytearray | None:
    """Read so many bytes; None when the other end closed."""
    data = bytearray(count)
    left = memoryview(data)
    while left:
        got = channel.recv_into(left, flags=socket.MSG_WAITALL)
        if not got:
            return None
        left = left[got:]
    return data


def _answer(job: bytearray) -> bytes:
    """Do a job; return the frame of (result, None) or of (None, error)."""
    error: IngestError
    try:
        function, args, kwargs = frames.unpack(job)
        return frames.pack((_resolve(function)(*args, **kwargs), None))
    except MemoryError:
        error = WorkerOutOfMemory("the job needed more memory than its limit")
    except IngestError as raised:
        error = raised if _crosses(raised) else _bug(raised)
    except (Exception, SystemExit) as raised:  # noqa: BLE001 - a bug, handed on whole
        error = _bug(raised)
    return frames.pack((None, error))


def _resolve(function: Callable[..., Any] | str) -> Callable[..., Any]:
    if not isinstance(function, str):
        return function
    module, _, name = function.partition(":")
    resolved: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return resolved


def _crosses(error: IngestError) -> bool:
    """Say whether an error pickles, and comes out as what it was."""
    try:
        return type(frames.unpack(frames.pack(error)[frames.HEADER.size :])) is type(error)
    except Exception:  # noqa: BLE001 - a constructor may raise anything when its arguments are missing
        return False


def _bug(error: BaseException) -> WorkerBug:
    trace = "".join(traceback.format_exception(error))
    return WorkerBug(type(error).__qualname__, str(error), trace[-_TRACE_LIMIT:])
