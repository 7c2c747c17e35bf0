"""Folders to write to: a file appears in one whole or not at all, for whatever program collects it."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Protocol

from ingestd.errors import Inaccessible

#: Threads that write to one folder on this host.
THREADS = 4


class Outbox(Protocol):
    """A folder to write to, on this host or another."""

    async def put(self, name: str, body: bytes) -> None:
        """Write a file; it replaces one of the same name.

        It is written as .NAME.tmp and then renamed.  Raises Inaccessible when the folder does not take it, and another
        FetchError when the connection can no longer be used.
        """


def temporary_name(name: str) -> str:
    """Return the name that a file has while it is written: hidden, and with the suffix of unfinished files."""
    return f".{name}.tmp"


class LocalOutbox:
    """An `Outbox` on this host."""

    def __init__(self, path: Path, url: str) -> None:
        self._path = path
        self._url = url
        # Its own: a disk that does not answer must not hold the threads of everything else.
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="outbox")

    def close(self) -> None:
        """End the threads; writes that have begun go on to their end."""
        self._threads.shutdown(wait=False)

    async def put(self, name: str, body: bytes) -> None:
        """Write a file; on return it is on the disk, also after a power failure."""
        writing = asyncio.get_running_loop().run_in_executor(self._threads, self._put, name, body)
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            # A thread cannot be ended: it must not write on while the next attempt writes the same file.
            await asyncio.wait([writing])
            raise

    def _put(self, name: str, body: bytes) -> None:
        # The folder is opened for each file: a file system that was mounted there since is found, and one that is not
        # mounted at present shows as missing where only the mounted one has the folder.
        try:
            folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            advice = "; ingestd does not create it" if isinstance(error, FileNotFoundError) else ""
            raise Inaccessible(self._url, f"cannot open the folder: {error.strerror or error}{advice}") from error
        try:
            _write(folder, temporary_name(name), name, body)
        except BaseException as error:
            with suppress(OSError):  # what is left of it would fill the disk further
                os.unlink(temporary_name(name), dir_fd=folder)
            if not isinstance(error, OSError):
                raise
            raise Inaccessible(self._url, f"cannot write {name}: {error.strerror or error}") from error
        finally:
            os.close(folder)


def _write(folder: int, temporary: str, name: str, body: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(temporary, flags, 0o600, dir_fd=folder), "wb") as file:  # noqa: PTH123 - Path opens no descriptor
        file.write(body)
        file.flush()
        # As accessible as the folder, whatever the umask of the daemon.
        os.fchmod(file.fileno(), os.fstat(folder).st_mode & 0o666)
        os.fsync(file.fileno())
    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


class OutgoingSession(Protocol):
    """A connection whose working directory is the folder; see `drops.remote.Session` for its errors."""

    def step(self, action: str) -> AbstractAsyncContextManager[None]:
        """Return a context with a time limit for one step of work, which raises failures as FetchError."""

    async def overwrite(self, name: str, body: bytes) -> None:
        """Write a file, replacing one of that name."""

    async def replace(self, name: str, new: str) -> None:
        """Rename a file, replacing one of the new name."""


class RemoteOutbox:
    """An `Outbox` on another host, through a session in it."""

    def __init__(self, session: OutgoingSession) -> None:
        self._session = session

    async def put(self, name: str, body: bytes) -> None:
        """Write a file; when it is on the disk of the other host is for that host to say."""
        async with self._session.step(f"cannot write {name}"):
            await self._session.overwrite(temporary_name(name), body)
        async with self._session.step(f"cannot rename {temporary_name(name)} to {name}"):
            await self._session.replace(temporary_name(name), name)
