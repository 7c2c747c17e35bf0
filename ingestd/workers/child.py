"""Code of the worker process: run one job after the other until the daemon closes the socket."""

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

#: Sent by a worker once it can take jobs.
READY = b"\x06"

# Added to the daemon's niceness: its event loop takes precedence over the workers.
_NICENESS = 5
# When the machine is out of memory, the kernel kills a worker rather than the daemon (proc(5)).
_OOM_SCORE = "500"
# Characters kept of a traceback: a deep recursion prints a long one.
_TRACE_LIMIT = 10_000


def serve(channel: socket.socket, memory: int, cpu_limit: float, time_limit: float) -> None:
    """Run the jobs that arrive on `channel` until its other end closes.

    `memory` is the address space, in bytes, that a job may add to that of the idle process.
    The kernel kills the process after `cpu_limit` seconds of CPU time in one job, with SIGPROF, and after `time_limit`
    seconds of wall time.
    """
    _configure_process(memory)
    with channel, suppress(ConnectionError):
        channel.sendall(READY)
        while (job := _receive(channel)) is not None:
            # The default action of both signals ends the process even in a loop in C, where no Python handler runs.
            # RLIMIT_CPU would do as well, but counts in whole seconds, and from the start of the process.
            signal.setitimer(signal.ITIMER_PROF, cpu_limit)
            # The daemon's limit is shorter.  This timer ends a worker whose daemon was killed during a job that
            # never ends.
            signal.setitimer(signal.ITIMER_REAL, time_limit)
            answer = _run_job(job)
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            channel.sendall(answer)


def _configure_process(memory: int) -> None:
    # Ctrl-C signals the whole process group; the daemon decides what happens to the jobs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    os.dup2(2, 1)  # standard output is for the command's results, not for what a library prints
    # Libraries warn about bad markup; those warnings do not belong in the daemon's log.
    logging.getLogger().addHandler(logging.NullHandler())
    os.nice(_NICENESS)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    gc.freeze()  # keeps preloaded memory shared with the other workers: the collector does not touch it
    limit = _address_space() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _address_space() -> int:
    pages, *_ = Path("/proc/self/statm").read_text().split()
    return int(pages) * mmap.PAGESIZE


def _receive(channel: socket.socket) -> bytearray | None:
    header = _receive_exactly(channel, frames.HEADER.size)
    return header and _receive_exactly(channel, frames.length(header))


def _receive_exactly(channel: socket.socket, count: int) -> bytearray | None:
    """Read `count` bytes; None when the other end closed."""
    data = bytearray(count)
    remaining = memoryview(data)
    while remaining:
        received = channel.recv_into(remaining, flags=socket.MSG_WAITALL)
        if not received:
            return None
        remaining = remaining[received:]
    return data


def _run_job(job: bytearray) -> bytes:
    """Run a job; return the frame of (result, None) or of (None, error)."""
    error: IngestError
    try:
        function, args, kwargs = frames.unpack(job)
        return frames.pack((_resolve(function)(*args, **kwargs), None))
    except MemoryError:
        error = WorkerOutOfMemory("the job needed more memory than its limit")
    except IngestError as raised:
        error = raised if _survives_pickling(raised) else _bug(raised)
    except (Exception, SystemExit) as raised:  # noqa: BLE001 - a bug, passed on with its traceback
        error = _bug(raised)
    return frames.pack((None, error))


def _resolve(function: Callable[..., Any] | str) -> Callable[..., Any]:
    if not isinstance(function, str):
        return function
    module, _, name = function.partition(":")
    resolved: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return resolved


def _survives_pickling(error: IngestError) -> bool:
    """Return whether an error can be pickled and unpickled to the same type."""
    try:
        return type(frames.unpack(frames.pack(error)[frames.HEADER.size :])) is type(error)
    except Exception:  # noqa: BLE001 - a constructor without its arguments may raise anything
        return False


def _bug(error: BaseException) -> WorkerBug:
    trace = "".join(traceback.format_exception(error))
    return WorkerBug(type(error).__qualname__, str(error), trace[-_TRACE_LIMIT:])
