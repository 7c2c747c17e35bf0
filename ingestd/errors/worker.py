"""Errors of worker processes."""

from ingestd.errors.base import IngestError


class WorkerError(IngestError):
    """A worker process failed and was replaced; the message says why."""


class WorkerUnready(WorkerError):
    """The worker process did not start, so the job was not attempted."""

    local = True


class WorkerTimedOut(WorkerError):
    """The job exceeded its limit of CPU time, and its process was killed."""


class WorkerStalled(WorkerError):
    """The job did not get the CPU time it was allowed: this host is too busy, or the process was stopped."""

    local = True


class WorkerDied(WorkerError):
    """The worker process ended during the job."""


class WorkerOutOfMemory(WorkerError):
    """The job exceeded its memory limit."""


class WorkerBug(WorkerError):
    """The job raised an exception that is not an IngestError; `trace` is the worker's traceback, as text."""

    def __init__(self, name: str, message: str, trace: str) -> None:
        super().__init__(name, message, trace)
        self.name, self.message, self.trace = name, message, trace

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"
