"""Drop folder on another host: the part common to FTP and SFTP.

A change to a file shows only in its size and its time of modification: the protocols offer nothing better.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from socket import socket
from typing import Protocol

from ingestd.drops.files import File, Subfolder, is_finished, is_safe_name, numbered_name, oldest_first
from ingestd.errors import Inaccessible, TooLarge

#: Names in a listing: a longer one is endless, or not that of a drop folder.
MAX_NAMES = 100_000

#: Opens a connection to a host and port; raises FetchError.
Dial = Callable[[str, int], Awaitable[socket]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server, the login for it, and the path of the folder on it."""

    #: Of the folder, without user and password: safe to log.
    url: str
    host: str
    port: int
    #: "" for the directory in which the login starts.
    path: str
    user: str
    password: str | None = field(default=None, repr=False)
    #: Time limit of a step: an answer, a listing, a file.
    seconds: float
    dial: Dial = field(repr=False)


class Session(Protocol):
    """A connection whose working directory is the folder; names are relative to it.

    Its methods raise errors of the library in use, which `step` turns into FetchError.
    """

    def step(self, action: str) -> AbstractAsyncContextManager[None]:
        """Return a context with a time limit for one step of work.

        Raises Inaccessible when the server refuses the step, with a message that begins with the failed `action`, and
        another FetchError when the connection can no longer be used.
        """

    async def list_files(self) -> list[File]:
        """Return the regular files, or what appears to be; raises Inaccessible for more than `MAX_NAMES` names."""

    async def current(self, file: File) -> File | None:
        """Return the present state of a file; None when it is gone, or not a regular file."""

    async def exists(self, path: str) -> bool:
        """Return whether a path exists."""

    async def read(self, name: str, limit: int) -> bytes | None:
        """Return the content of a file, at most `limit` bytes; None when it is gone."""

    async def move(self, path: str, new: str) -> None:
        """Rename a file to a path that does not exist."""

    async def write(self, path: str, body: bytes) -> None:
        """Write a file."""


class RemoteFolder:
    """A `Folder` on another host, through a session in it."""

    def __init__(self, session: Session, url: str) -> None:
        self._session = session
        self._url = url

    async def files(self) -> list[File]:
        """Return the files to read, oldest first; files whose names are not safe to send back are left out too."""
        async with self._session.step("cannot list the folder"):
            found = await self._session.list_files()
        return oldest_first(file for file in found if is_safe_name(file.name) and is_finished(file.name))

    async def read(self, file: File, limit: int) -> bytes | None:
        """Return the content of a file; None when it is gone or has changed; raises TooLarge."""
        if file.size > limit:
            raise TooLarge(self._url, f"{file.name} has {file.size} bytes, more than max_body ({limit})")
        async with self._session.step(f"cannot read {file.name}"):
            # One byte more than listed, so that a file that still grows is not taken for complete.
            body = await self._session.read(file.name, file.size + 1)
            if await self._session.current(file) != file:
                return None
        if body is None or len(body) != file.size:
            sent = "nothing" if body is None else f"{len(body)}" if len(body) < file.size else "more"
            raise Inaccessible(self._url, f"cannot read {file.name}: it has {file.size} bytes, the server sent {sent}")
        return body

    async def target_name(self, file: File, subfolder: Subfolder) -> str:
        """Return the name that `move_to` gives a file."""
        async with self._session.step(f"cannot look up names in {subfolder}/"):
            return (await self._free_path(file, subfolder)).removeprefix(f"{subfolder}/")

    async def move_to(
        self, file: File, subfolder: Subfolder, media: Sequence[File] = (), *, reason: str | None = None
    ) -> bool:
        """Move a file and its media to a subfolder; return False when the file is gone or has changed."""
        async with self._session.step(f"cannot move {file.name} to {subfolder}/"):
            if await self._session.current(file) != file:
                return False
            path = await self._free_path(file, subfolder, with_reason=reason is not None)
            if reason is not None:
                await self._session.write(f"{path}.reason", reason.encode(errors="surrogateescape"))
            await self._session.move(file.name, path)
        for one in media:
            await self._move_media(one, subfolder)
        return True

    async def _move_media(self, file: File, subfolder: Subfolder) -> None:
        async with self._session.step(f"cannot move {file.name} to {subfolder}/"):
            if await self._session.current(file):
                await self._session.move(file.name, await self._free_path(file, subfolder))

    async def _free_path(self, file: File, subfolder: Subfolder, *, with_reason: bool = False) -> str:
        """Return a path in the subfolder that does not exist: some servers let a move overwrite a file."""
        path = f"{subfolder}/{file.name}"
        for count in range(1, _MAX_NAMESAKES):
            taken = await self._session.exists(path)
            if not taken and not (with_reason and await self._session.exists(f"{path}.reason")):
                return path
            path = f"{subfolder}/{numbered_name(file, count)}"
        raise Inaccessible(
            self._url, f"cannot move {file.name} to {subfolder}/: it has too many files of that name; delete some"
        )


#: Files of one name in a subfolder.
_MAX_NAMESAKES = 100


def too_many_names(url: str) -> Inaccessible:
    """Return the error for a listing of more than `MAX_NAMES` names."""
    return Inaccessible(url, f"the folder lists more than {MAX_NAMES} names; move some files away")
