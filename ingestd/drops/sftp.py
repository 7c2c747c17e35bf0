"""Drop folders by SFTP, with asyncssh."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import asyncssh

from ingestd.drops.files import PLACES, File, Folder
from ingestd.drops.remote import MOST_NAMES, RemoteFolder, Server, too_many
from ingestd.drops.ssh_client import Client, read_key
from ingestd.errors import BrokenReply, Inaccessible, TimedOut
from ingestd.text import collapse

#: Characters to keep of what a server says.
_LONGEST_COMPLAINT = 200

#: Bytes of one listing at the most.
_LONGEST_LISTING = 32 * 2**20

#: Seconds for a good-bye.
_GOOD_BYE = 2.0


@asynccontextmanager
async def open_sftp(server: Server, *, key: Path | None = None, known_hosts: str = "") -> AsyncIterator[Folder]:
    """Log in with the private `key` or the password, and open the folder; makes `done` and `error`.

    `known_hosts` are lines as OpenSSH has them (sshd(8)); a server whose key is not there is refused.

    Raises FetchError.
    """
    async with _step(server, "it does not let us in"):
        private = await asyncio.to_thread(read_key, server, key) if key else None
        connection = await Client(server, known_hosts).connect(private)
    try:
        async with _step(server, "it cannot be used"):
            sftp = await connection.start_sftp_client(path_encoding="utf-8", path_errors="surrogateescape")
            await _enter(sftp, server.path)
        yield RemoteFolder(SftpSession(sftp, server), server.url)
        connection.close()
        with suppress(Exception):  # all is done: whatever it says to that
            async with asyncio.timeout(_GOOD_BYE):
                await connection.wait_closed()
    finally:
        connection.abort()


@asynccontextmanager
async def _step(server: Server, what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(server.seconds):
            yield
    except TimeoutError as error:
        raise TimedOut(server.url, f"{what}: no answer within {server.seconds:g} s") from error
    except (asyncssh.SFTPNoConnection, asyncssh.SFTPConnectionLost, OSError) as error:
        raise BrokenReply(server.url, f"{what}: the connection ended") from error
    except asyncssh.SFTPError as error:
        raise Inaccessible(server.url, f"{what}: {_said(server, error)}") from error
    except asyncssh.Error as error:
        raise BrokenReply(server.url, f"{what}: {_said(server, error)}") from error
    except (ValueError, IndexError, KeyError) as error:  # as asyncssh does with what it cannot read
        raise BrokenReply(server.url, f"{what}: what it answers is no SFTP") from error


def _said(server: Server, error: asyncssh.Error) -> str:
    # A server may repeat what it was sent.
    text = error.reason.replace(server.password, "...") if server.password else error.reason
    return collapse(text)[:_LONGEST_COMPLAINT] or type(error).__name__


async def _enter(sftp: asyncssh.SFTPClient, path: str) -> None:
    """Make the folder the working directory, and `done` and `error` in it, which must lead nowhere else."""
    found = await sftp.stat(path or ".")
    if found.type != asyncssh.FILEXFER_TYPE_DIRECTORY:
        raise asyncssh.SFTPNotADirectory("Not a directory")
    await sftp.chdir(path or ".")
    for place in PLACES:
        try:
            found = await sftp.lstat(place)
        except asyncssh.SFTPNoSuchFile:
            await sftp.mkdir(place)
            continue
        if found.type != asyncssh.FILEXFER_TYPE_DIRECTORY:
            raise asyncssh.SFTPNotADirectory(f"{place} is no directory")


class SftpSession:
    """A connection to an SFTP server."""

    def __init__(self, sftp: asyncssh.SFTPClient, server: Server) -> None:
        self._sftp = sftp
        self._server = server

    def step(self, what: str) -> AbstractAsyncContextManager[None]:
        """Do something within the time for a step."""
        return _step(self._server, what)

    async def listing(self) -> list[File]:
        """Return the plain files."""
        found, size, count = [], 0, 0
        async for entry in self._sftp.scandir("."):
            name = str(entry.filename)
            size, count = size + len(name) + len(entry.longname or ""), count + 1
            if count > MOST_NAMES or size > _LONGEST_LISTING:
                raise too_many(self._server.url)
            if file := _file_of(name, entry.attrs):
                found.append(file)
        return found

    async def again(self, file: File) -> File | None:
        """Return a file as it is now."""
        try:
            return _file_of(file.name, await self._sftp.lstat(file.name))
        except asyncssh.SFTPNoSuchFile:
            return None

    async def is_there(self, path: str) -> bool:
        """Say whether there is anything of that name."""
        try:
            await self._sftp.lstat(path)
        except asyncssh.SFTPNoSuchFile:
            return False
        return True

    async def fetch(self, name: str, most: int) -> bytes | None:
        """Return what a file holds, `most` bytes of it at the most."""
        try:
            async with self._sftp.open(name, "rb") as opened:
                return cast("bytes", await opened.read(most))
        except asyncssh.SFTPNoSuchFile:
            return None

    async def move(self, path: str, new: str) -> None:
        """Rename what is there to a name that is not."""
        await self._sftp.rename(path, new)

    async def store(self, path: str, body: bytes) -> None:
        """Write a file that is not there."""
        async with self._sftp.open(path, "xb") as opened:
            await opened.write(body)


def _file_of(name: str, found: asyncssh.SFTPAttrs) -> File | None:
    """Return a plain file; None for what is none, or might be a link."""
    if found.type != asyncssh.FILEXFER_TYPE_REGULAR or found.size is None:
        return None
    return File(name=name, size=found.size, modified=(found.mtime or 0) * 10**9 + (found.mtime_ns or 0))
