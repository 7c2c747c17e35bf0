"""Pool of worker processes that run jobs under limits of CPU time and memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from multiprocessing import forkserver
from time import monotonic
from typing import Any, ParamSpec, Self, TypeVar, overload

from ingestd.errors import IngestError, WorkerDied, WorkerOutOfMemory, WorkerStalled, WorkerTimedOut
from ingestd.units import show_duration
from ingestd.workers import frames
from ingestd.workers.worker import CONTEXT, Worker

# A job may take this many times its limit of CPU time, and at least this many seconds; beyond that, the host is too
# busy.
_WALL_FACTOR, _MIN_WALL = 10.0, 120.0
# A process that neither used a CPU nor waited for one at this many checks in a row, spread over a job's limit of CPU
# time, is stopped or waits for something that does not come.  Checks are counted, not seconds: while the event loop
# itself does not run, nothing can be said about the worker.
_IDLE_CHECKS = 10
# Seconds.  Between two checks.
_MIN_CHECK = 0.02

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """Worker processes with a limit of CPU time and a memory limit for each job.

    A job that hangs, crashes or exceeds its memory fails alone: its worker is replaced, and other workers, which have
    their own sockets, are not affected.  Workers start on demand.

    `timeout` is in seconds of CPU time, so that a busy host makes no job fail: what takes longer than ten times as long
    (at least two minutes) or makes no progress without needing a CPU, is abandoned as a local failure.
    `memory` is the address space, in bytes, that a job may add to that of an idle worker.
    `recycle_after` is the number of jobs after which a worker is replaced: after thousands of pages its heap is
    fragmented and does not return memory to the system, and leaks of libraries end with the process.
    `preload` names modules that all workers share.  There is one forkserver in the program, so only the first pool's
    modules are preloaded; each worker of another pool imports what it needs.
    """

    def __init__(
        self,
        *,
        processes: int,
        timeout: float = 20.0,
        memory: int = 512 * 2**20,
        recycle_after: int = 2000,
        preload: tuple[str, ...] = ("ingestd.workers.preloaded",),
    ) -> None:
        self._timeout = timeout
        #: Seconds that a job may take; it is then abandoned, since the host is too busy.
        self.wall_limit = max(_WALL_FACTOR * timeout, _MIN_WALL)
        self._memory = memory
        self._recycle_after = recycle_after
        self._preload = preload
        self._slots = asyncio.Semaphore(processes)
        self._idle: list[Worker] = []
        self._working: set[Worker] = set()
        self._closed = asyncio.Event()
        #: Workers that ended without being told to.
        self.deaths = 0
        #: Workers killed because their job exceeded the limit of CPU time.
        self.timeouts = 0
        #: Workers killed because their job made no progress, or too little on a busy host.
        self.stalls = 0
        #: Workers replaced after `recycle_after` jobs, or after a job that exceeded the memory limit.
        self.recycled = 0
        #: Jobs that are running.
        self.busy = 0
        #: Jobs that wait for a worker.
        self.waiting = 0
        #: Jobs that returned a result or raised an error.
        self.done = 0

    async def __aenter__(self) -> Self:
        CONTEXT.set_forkserver_preload(list(self._preload))
        # Preloading takes a second, during which the first start of a worker would block the event loop.  Started here
        # in a thread, it is usually done before the first page arrives.
        self._warm_up = asyncio.create_task(asyncio.to_thread(_warm_up), name="forkserver")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closed.set()
        await self._warm_up
        workers = [*self._idle, *self._working]
        for worker in self._working:
            worker.kill()  # the pending `run` raises WorkerDied
        for worker in self._idle:
            worker.discard()
        self._idle.clear()
        for worker in workers:
            await worker.exit_description()  # waits for its end

    @overload
    async def run(self, function: str, /, *args: object, **kwargs: object) -> Any: ...

    @overload
    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...

    async def run(self, function: Callable[..., Any] | str, /, *args: object, **kwargs: object) -> Any:
        """Call a function in a worker; jobs wait in order for a free one.

        `function` is a function that can be pickled, or "module:function", which only the worker imports.  Arguments
        and result must pickle too.  Cancelling removes a waiting job, or kills the worker of a running one.

        Raises the IngestError that the function raised; WorkerBug for any other exception; WorkerTimedOut,
        WorkerStalled, WorkerDied or WorkerOutOfMemory when the function did not finish.
        """
        async with self._slot():
            job = frames.pack((function, args, kwargs))
            result, error = await self._run_in_worker(job, _name(function))
        if error is not None:
            raise error
        return result

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1
            self._slots.release()

    async def _run_in_worker(self, job: bytes, name: str) -> tuple[object, IngestError | None]:
        worker = await self._acquire()
        reusable = False  # until it has answered: after a cancellation the worker is still busy with the job
        try:
            result, error = await self._watched(worker, job, name)
            self.done += 1
            # After a failed allocation a library may be in any state.
            reusable = worker.jobs < self._recycle_after and not isinstance(error, WorkerOutOfMemory)
            self.recycled += not reusable
        except EOFError:
            description = await worker.exit_description()
            if worker.exceeded_cpu_limit:
                self.timeouts += 1
                raise WorkerTimedOut(f"{name} needed more than {show_duration(self._timeout)} of CPU time") from None
            self.deaths += 1
            raise WorkerDied(f"the worker {description} during {name}") from None
        finally:
            self._release(worker, reusable=reusable)
        return result, error

    async def _watched(self, worker: Worker, job: bytes, name: str) -> tuple[object, IngestError | None]:
        """Run a job in a worker; raises WorkerStalled when it makes no progress, or too little."""
        started, idle, ticks = monotonic(), 0, -1
        interval = max(min(self._timeout, self.wall_limit) / _IDLE_CHECKS, _MIN_CHECK)
        running = asyncio.create_task(worker.run(job))
        try:
            while not (await asyncio.wait({running}, timeout=interval))[0]:
                state, used = worker.progress()
                idle = 0 if used != ticks or state in "RD" else idle + 1
                ticks = used
                if idle >= _IDLE_CHECKS:
                    self.stalls += 1
                    raise WorkerStalled(f"{name} made no progress within {show_duration(self._timeout)}")
                if monotonic() - started > self.wall_limit:
                    self.stalls += 1
                    raise WorkerStalled(f"{name} took longer than {show_duration(self.wall_limit)} on a busy host")
            return running.result()
        finally:
            running.cancel()
            await asyncio.wait({running})  # it stops reading the socket before that is closed

    async def _acquire(self) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive():
                break
            self.deaths += 1
            worker.discard()
        else:
            worker = await self._start()
        self._working.add(worker)
        return worker

    async def _start(self) -> Worker:
        await asyncio.shield(self._warm_up)
        if not self._closed.is_set():
            worker = await Worker.start(memory=self._memory, cpu_limit=self._timeout, time_limit=self.wall_limit)
            if not self._closed.is_set():
                return worker
            worker.discard()
        raise WorkerDied("the pool is closed")

    def _release(self, worker: Worker, *, reusable: bool) -> None:
        """Keep a worker for the next job, or end it."""
        self._working.discard(worker)
        if reusable and not self._closed.is_set():
            self._idle.append(worker)
        else:
            worker.discard()


def _warm_up() -> None:
    """Start the forkserver, and wait until it has preloaded and can fork."""
    with suppress(OSError, EOFError):  # the start of the first worker reports the error
        forkserver.ensure_running()
        process = CONTEXT.Process(target=int, name="ingestd-warm-up", daemon=True)
        process.start()
        process.join()


def _name(function: Callable[..., Any] | str) -> str:
    return function if isinstance(function, str) else f"{function.__module__}:{function.__qualname__}"
