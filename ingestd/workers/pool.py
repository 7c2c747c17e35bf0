"""The pool: jobs wait in line for processes that can be killed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from multiprocessing import forkserver
from typing import Any, ParamSpec, Self, TypeVar, overload

from ingestd.errors import IngestError, WorkerDied, WorkerOutOfMemory, WorkerTimedOut
from ingestd.units import show_duration
from ingestd.workers import frames
from ingestd.workers.worker import CONTEXT, Worker

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """Worker processes, with a limit of time and of memory for each job.

    A job that hangs, crashes or hoards costs itself and its process, which is replaced; the other
    workers have sockets of their own and notice nothing.  A worker starts when it is first needed.

    `timeout` is in seconds of wall time, from when the job has its worker.
    `memory` is in bytes: the address space a job may add to that of an idle worker.
    `recycle_after` is how many jobs a worker does: a heap that parsed thousands of pages is in fragments
    that don't return to the system, and what a library leaks goes with the process.
    `preload` names modules that all workers share.  There is one forkserver for the whole program, so the
    first pool decides; what another one names is loaded by each of its workers that needs it.
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
        self._memory = memory
        self._recycle_after = recycle_after
        self._preload = preload
        self._turns = asyncio.Semaphore(processes)
        self._idle: list[Worker] = []
        self._working: set[Worker] = set()
        self._closed = asyncio.Event()
        #: Workers that ended by themselves.
        self.deaths = 0
        #: Workers killed because their job took too long.
        self.timeouts = 0
        #: Workers replaced on purpose: after many jobs, or after one that met the memory limit.
        self.recycled = 0
        #: Jobs whose turn it is.
        self.busy = 0
        #: Jobs in line.
        self.waiting = 0
        #: Jobs that were answered, by a result or an error of their own.
        self.done = 0

    async def __aenter__(self) -> Self:
        CONTEXT.set_forkserver_preload(list(self._preload))
        # To preload takes a second, in which the first start of a worker would block the loop.  Begun now, beside
        # it, it is over before the first page has come in.
        self._warm = asyncio.create_task(asyncio.to_thread(_warm_up), name="forkserver")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closed.set()
        await self._warm
        leaving = [*self._idle, *self._working]
        for worker in self._working:
            worker.kill()  # and the `run` that waits for it raises WorkerDied
        for worker in self._idle:
            worker.discard()
        self._idle.clear()
        for worker in leaving:
            await worker.ending()

    @overload
    async def run(self, function: str, /, *args: object, **kwargs: object) -> Any: ...

    @overload
    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T: ...

    async def run(self, function: Callable[..., Any] | str, /, *args: object, **kwargs: object) -> Any:
        """Call a function in a worker; first come, first served.

        `function` is one that pickles, or "module:function", which only the worker imports.  Arguments
        and result pickle too.  Cancelled, it leaves the line, or kills the worker if that has begun.

        Raises the IngestError that the function raised; WorkerBug for anything else it raised;
        WorkerTimedOut, WorkerDied or WorkerOutOfMemory when it did not come to its end.
        """
        async with self._turn():
            job = frames.pack((function, args, kwargs))
            result, error = await self._ask(job, _name(function))
        if error is not None:
            raise error
        return result

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self.waiting -= 1
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1
            self._turns.release()

    async def _ask(self, job: bytes, name: str) -> tuple[object, IngestError | None]:
        worker = await self._take()
        fit = False  # until it has answered: who cancels this leaves a job behind that nobody waits for
        try:
            async with asyncio.timeout(self._timeout):
                result, error = await worker.ask(job)
            self.done += 1
            # A library that once got no memory may be in any state.
            fit = worker.jobs < self._recycle_after and not isinstance(error, WorkerOutOfMemory)
            self.recycled += not fit
        except TimeoutError:
            self.timeouts += 1
            raise WorkerTimedOut(f"{name} took longer than {show_duration(self._timeout)}") from None
        except EOFError:
            self.deaths += 1
            raise WorkerDied(f"the worker {await worker.ending()} during {name}") from None
        finally:
            self._put_back(worker, fit=fit)
        return result, error

    async def _take(self) -> Worker:
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
        await asyncio.shield(self._warm)
        if not self._closed.is_set():
            worker = await Worker.start(memory=self._memory, time_limit=self._timeout)
            if not self._closed.is_set():
                return worker
            worker.discard()
        raise WorkerDied("the pool is closed")

    def _put_back(self, worker: Worker, *, fit: bool) -> None:
        """Keep a worker for the next job, or end it."""
        self._working.discard(worker)
        if fit and not self._closed.is_set():
            self._idle.append(worker)
        else:
            worker.discard()


def _warm_up() -> None:
    """Start the forkserver, and wait until it has preloaded and can fork."""
    with suppress(OSError, EOFError):  # a worker's start will say so
        forkserver.ensure_running()
        process = CONTEXT.Process(target=int, name="ingestd-warm-up", daemon=True)
        process.start()
        process.join()


def _name(function: Callable[..., Any] | str) -> str:
    return function if isinstance(function, str) else f"{function.__module__}:{function.__qualname__}"
