"""Drop folders by SFTP, with asyncssh."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import asyncssh

from ingestd.drops.files import SUBFOLDERS, File, Folder
from ingestd.drops.outbox import Outbox, RemoteOutbox
from ingestd.drops.remote import MAX_NAMES, RemoteFolder, Server, too_many_names
from ingestd.drops.ssh_client import Client, read_key
from ingestd.errors import BrokenReply, Inaccessible, TimedOut
from ingestd.text import collapse

#: Characters of a server's message to keep.
_MAX_MESSAGE = 200

#: Bytes of one listing.
_MAX_LISTING = 32 * 2**20

#: Seconds to close the connection in order.
_CLOSE_TIMEOUT = 2.0


@asynccontextmanager
async def open_sftp(server: Server, *, key: Path | None = None, known_hosts: str = "") -> AsyncIterator[Folder]:
    """Log in with the private `key` or the password, and open the folder; creates `done` and `error` in it.

    `known_hosts` has lines in OpenSSH's format (sshd(8)); a server whose key is not among them is refused.

    Raises FetchError.
    """
    async with _logged_in(server, key, known_hosts) as sftp:
        async with _step(server, "cannot open the folder"):
            await _enter_folder(sftp, server.path, SUBFOLDERS)
        yield RemoteFolder(SftpSession(sftp, server), server.url)


@asynccontextmanager
async def open_sftp_outbox(server: Server, *, key: Path | None = None, known_hosts: str = "") -> AsyncIterator[Outbox]:
    """Log in as `open_sftp` does, and open the folder for writing; creates nothing in it.  Raises FetchError."""
    async with _logged_in(server, key, known_hosts) as sftp:
        async with _step(server, "cannot open the folder"):
            await _enter_folder(sftp, server.path)
        yield RemoteOutbox(SftpSession(sftp, server))


@asynccontextmanager
async def _logged_in(server: Server, key: Path | None, known_hosts: str) -> AsyncIterator[asyncssh.SFTPClient]:
    async with _step(server, "cannot log in"):
        private = await asyncio.to_thread(read_key, server, key) if key else None
        connection = await Client(server, known_hosts).connect(private)
    try:
        async with _step(server, "cannot open the folder"):
            sftp = await connection.start_sftp_client(path_encoding="utf-8", path_errors="surrogateescape")
        yield sftp
        connection.close()
        with suppress(Exception):  # all work is done, so a failed close does not matter
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await connection.wait_closed()
    finally:
        connection.abort()


@asynccontextmanager
async def _step(server: Server, action: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(server.seconds):
            yield
    except TimeoutError as error:
        raise TimedOut(server.url, f"{action}: no answer within {server.seconds:g} s") from error
    except (asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost, OSError) as error:
        raise BrokenReply(server.url, f"{action}: the connection ended") from error
    except asyncssh.SFTPError as error:
        raise Inaccessible(server.url, f"{action}: {_message_of(server, error)}") from error
    except asyncssh.Error as error:
        raise BrokenReply(server.url, f"{action}: {_message_of(server, error)}") from error
    except (ValueError, IndexError, KeyError) as error:  # asyncssh raises any of them for a malformed answer
        raise BrokenReply(server.url, f"{action}: the server's answer is not valid SFTP") from error


def _message_of(server: Server, error: asyncssh.Error) -> str:
    # A server may repeat the password it was sent.
    text = error.reason.replace(server.password, "...") if server.password else error.reason
    return collapse(text)[:_MAX_MESSAGE] or type(error).__name__


async def _enter_folder(sftp: asyncssh.SFTPClient, path: str, subfolders: Sequence[str] = ()) -> None:
    """Change to the folder, and create these subfolders in it; none may be a link."""
    found = await sftp.stat(path or ".")
    if found.type != asyncssh.FILEXFER_TYPE_DIRECTORY:
        raise asyncssh.SFTPNotADirectory("Not a directory")
    await sftp.chdir(path or ".")
    for subfolder in subfolders:
        try:
            found = await sftp.lstat(subfolder)
        except asyncssh.SFTPNoSuchFile:
            await sftp.mkdir(subfolder)
            continue
        if found.type != asyncssh.FILEXFER_TYPE_DIRECTORY:
            raise asyncssh.SFTPNotADirectory(f"{subfolder} is not a directory")


class SftpSession:
    """A connection to an SFTP server, which implements `Session`."""

    def __init__(self, sftp: asyncssh.SFTPClient, server: Server) -> None:
        self._sftp = sftp
        self._server = server

    def step(self, action: str) -> AbstractAsyncContextManager[None]:
        """Return a context with the time limit of a step, which raises failures as FetchError."""
        return _step(self._server, action)

    async def list_files(self) -> list[File]:
        """Return the regular files."""
        found, size, count = [], 0, 0
        async for entry in self._sftp.scandir("."):
            name = str(entry.filename)
            size, count = size + len(name) + len(entry.longname or ""), count + 1
            if count > MAX_NAMES or size > _MAX_LISTING:
                raise too_many_names(self._server.url)
            if file := _file_of(name, entry.attrs):
                found.append(file)
        return found

    async def current(self, file: File) -> File | None:
        """Return the present state of a file."""
        try:
            return _file_of(file.name, await self._sftp.lstat(file.name))
        except asyncssh.SFTPNoSuchFile:
            return None

    async def exists(self, path: str) -> bool:
        """Return whether a path exists."""
        try:
            await self._sftp.lstat(path)
        except asyncssh.SFTPNoSuchFile:
            return False
        return True

    async def read(self, name: str, limit: int) -> bytes | None:
        """Return the content of a file, at most `limit` bytes; None when it is gone."""
        try:
            async with self._sftp.open(name, "rb") as opened:
                return cast("bytes", await opened.read(limit))
        except asyncssh.SFTPNoSuchFile:
            return None

    async def move(self, path: str, new: str) -> None:
        """Rename a file to a path that does not exist."""
        await self._sftp.rename(path, new)

    async def write(self, path: str, body: bytes) -> None:
        """Write a file that does not exist yet."""
        async with self._sftp.open(path, "xb") as opened:
            await opened.write(body)

    async def overwrite(self, name: str, body: bytes) -> None:
        """Write a file, replacing one of that name."""
        async with self._sftp.open(name, "wb") as opened:
            await opened.write(body)

    async def replace(self, name: str, new: str) -> None:
        """Rename a file, replacing one of the new name; on servers that cannot do that, after its removal.

        The rename of SFTP 3 fails if there is one; OpenSSH's extension posix-rename@openssh.com replaces it.
        """
        try:
            await self._sftp.posix_rename(name, new)
        except asyncssh.SFTPOpUnsupported:
            with suppress(asyncssh.SFTPNoSuchFile):
                await self._sftp.remove(new)
            await self._sftp.rename(name, new)


def _file_of(name: str, found: asyncssh.SFTPAttrs) -> File | None:
    """Return the state of a regular file; None for anything else, including links and unknown types."""
    if found.type != asyncssh.FILEXFER_TYPE_REGULAR or found.size is None:
        return None
    return File(name=name, size=found.size, modified=(found.mtime or 0) * 10**9 + (found.mtime_ns or 0))
