"""Drop folders by FTP (RFC 959, 2428, 3659) and FTPS (RFC 4217), with aioftp.

Data connections go to the address of the control connection, whatever the server says, and through the guard.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import aioftp

from ingestd.drops.files import SUBFOLDERS, File, Folder
from ingestd.drops.ftp_client import ENCODING, Client
from ingestd.drops.outbox import Outbox, RemoteOutbox
from ingestd.drops.remote import MAX_NAMES, RemoteFolder, Server, too_many_names
from ingestd.errors import BrokenReply, Inaccessible, LoginRefused, TimedOut, Unreachable
from ingestd.text import collapse

#: Bytes of one listing.
_MAX_LISTING = 32 * 2**20

#: Characters of a server's message to keep.
_MAX_MESSAGE = 200

#: Seconds for QUIT.
_QUIT_TIMEOUT = 2.0


@asynccontextmanager
async def open_ftp(
    server: Server, *, tls: ssl.SSLContext | None = None, implicit: bool = False
) -> AsyncIterator[Folder]:
    """Log in, with TLS if there is a context for it, and open the folder; creates `done` and `error` in it.

    TLS starts with AUTH TLS, or with the connection if it is `implicit`.  Raises FetchError.
    """
    async with _logged_in(server, tls, implicit=implicit) as session:
        await session.enter_folder(SUBFOLDERS)
        yield RemoteFolder(session, server.url)


@asynccontextmanager
async def open_ftp_outbox(
    server: Server, *, tls: ssl.SSLContext | None = None, implicit: bool = False
) -> AsyncIterator[Outbox]:
    """Log in as `open_ftp` does, and open the folder for writing; creates nothing in it.  Raises FetchError."""
    async with _logged_in(server, tls, implicit=implicit) as session:
        await session.enter_folder()
        yield RemoteOutbox(session)


@asynccontextmanager
async def _logged_in(server: Server, tls: ssl.SSLContext | None, *, implicit: bool) -> AsyncIterator["FtpSession"]:
    client = Client(server, tls if implicit else None)
    session = FtpSession(client, server)
    try:
        async with session.step("cannot open the folder"):
            await client.connect(server.host, server.port)
            if tls and not implicit:
                await client.upgrade_to_tls(tls)
        await session.log_in()
        if tls and implicit:
            async with session.step("cannot open the folder"):
                await client.protect_data()
        yield session
        with suppress(Exception):  # all work is done, so a failed QUIT does not matter
            async with asyncio.timeout(_QUIT_TIMEOUT):
                await client.quit()
    finally:
        client.close()
        await asyncio.sleep(0)  # the loop closes the transports


class FtpSession:
    """A connection to an FTP server, which implements `Session`."""

    def __init__(self, client: Client, server: Server) -> None:
        self._client = client
        self._server = server
        #: Whether the server supports MLSD and MLST, as far as known.
        self._has_facts = True

    @asynccontextmanager
    async def step(self, action: str) -> AsyncIterator[None]:
        """Run commands within the time limit of a step, and raise their failures as FetchError."""
        url, seconds = self._server.url, self._server.seconds
        try:
            async with asyncio.timeout(seconds):
                yield
        except aioftp.StatusCodeError as error:
            raise Inaccessible(url, f"{action}: {self._message_of(error)}") from error
        except TimeoutError as error:
            raise TimedOut(url, f"{action}: no answer within {seconds:g} s") from error
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(url, f"no TLS: {error.verify_message}; set ca_file to trust its issuer") from error
        except ssl.SSLError as error:
            raise Unreachable(url, f"no TLS: {error.reason or error}") from error
        except (OSError, EOFError) as error:
            raise BrokenReply(url, f"{action}: the connection ended") from error
        except (
            aioftp.AIOFTPException,
            ValueError,
            IndexError,
            KeyError,
        ) as error:  # aioftp raises any of them for an answer that it cannot parse
            raise BrokenReply(url, f"{action}: the server's answer is not valid FTP") from error

    def _message_of(self, error: aioftp.StatusCodeError) -> str:
        text = _from_wire(" ".join((*error.received_codes[-1:], *map(str, error.info))))
        # A server may repeat the password it was sent.
        secret = self._server.password
        return collapse(text.replace(secret, "...") if secret else text)[:_MAX_MESSAGE]

    async def log_in(self) -> None:
        """Log in; raises LoginRefused."""
        user, password = self._server.user, self._server.password or ""
        async with self.step("cannot log in"):
            try:
                await self._client.login(_to_wire(user), _to_wire(password))
            except aioftp.StatusCodeError as error:
                code = str(error.received_codes[-1])
                if not code.startswith("5"):  # a transient failure, such as too many connections
                    raise
                raise LoginRefused(
                    self._server.url,
                    f"the server refuses the user {user}: {self._message_of(error)}; see the setting `logins`",
                ) from error

    async def enter_folder(self, subfolders: Sequence[str] = ()) -> None:
        """Change to the folder, and create these subfolders in it."""
        async with self.step("cannot open the folder"):
            if self._server.path:
                await self._client.command("CWD " + _to_wire(self._server.path), "2xx")
            # In text mode, SIZE is refused or counts the bytes of the text as transferred.
            await self._client.command("TYPE I", "200")
            here = str(await self._client.get_current_directory())
            if here == ".":
                raise ValueError("no directory in the answer to PWD")
            for subfolder in subfolders:
                try:
                    await self._client.command("CWD " + subfolder, "2xx")
                except aioftp.StatusCodeError:
                    await self._client.command("MKD " + subfolder, "2xx")
                else:
                    await self._client.command("CWD " + here, "2xx")

    async def list_files(self) -> list[File]:
        """List the regular files with MLSD, or else with LIST, whose times are in minutes of the server's own zone."""
        if self._has_facts:
            try:
                return [file for line in await self._lines_of("MLSD") if (file := self._parse_facts(line))]
            except aioftp.StatusCodeError as error:
                if not _is_unsupported(error):
                    raise
                self._has_facts = False
        return [file for line in await self._lines_of("LIST") if (file := self._parse_list_line(line))]

    async def _lines_of(self, command: str) -> list[bytes]:
        lines: list[bytes] = []
        size = 0
        async with self._client.get_stream(command, "1xx") as stream:
            while line := await stream.readline():
                size += len(line)
                if len(lines) == MAX_NAMES or size > _MAX_LISTING:
                    raise too_many_names(self._server.url)
                lines.append(line.rstrip(b"\r\n"))
        return lines

    def _parse_facts(self, line: bytes) -> File | None:
        """Parse a line of MLSD or MLST (RFC 3659, 7.2); None for anything but a file."""
        found, _, name = line.decode(errors="surrogateescape").partition(" ")
        facts = {key.lower(): value for key, _, value in (fact.partition("=") for fact in found.split(";"))}
        if facts.get("type", "").lower() != "file":
            return None
        if not facts.get("size", "").isdecimal() or not facts.get("modify", "")[:14].isdecimal():
            raise Inaccessible(self._server.url, "the listing lacks the size or the modification time of a file")
        return File(name=name, size=int(facts["size"]), modified=_nanoseconds(facts["modify"]))

    def _parse_list_line(self, line: bytes) -> File | None:
        if line.startswith((b"total ", b"d", b"l")) or not line.strip():
            return None
        found, facts = self._client.parse_list_line(line)
        info: dict[str, Any] = dict(facts)
        if info["type"] != "file":
            return None
        return File(name=_from_wire(str(found)), size=int(info["size"]), modified=_nanoseconds(info["modify"]))

    async def current(self, file: File) -> File | None:
        """Return the present state of a file by MLST, or by SIZE; the given one if the server supports neither."""
        try:
            if self._has_facts:
                _, lines = await self._client.command("MLST " + _to_wire(file.name), "2xx")
                now = self._parse_facts(lines[1].strip().encode(ENCODING))
                return File(name=file.name, size=now.size, modified=now.modified) if now else None
            _, lines = await self._client.command("SIZE " + _to_wire(file.name), "213")
            return File(name=file.name, size=int(lines[-1]), modified=file.modified)
        except aioftp.StatusCodeError as error:
            if _is_unsupported(error):
                return file
            _raise_unless_missing(error)
            return None

    async def exists(self, path: str) -> bool:
        """Return whether a path exists; raises Inaccessible when the server cannot tell."""
        for command in ("MLST", "SIZE") if self._has_facts else ("SIZE",):
            try:
                await self._client.command(f"{command} {_to_wire(path)}", "2xx")
            except aioftp.StatusCodeError as error:
                if _is_unsupported(error):
                    continue
                _raise_unless_missing(error)
                return False
            return True
        raise Inaccessible(
            self._server.url,
            "the server supports neither MLST nor SIZE, so moving a file could overwrite another in done/ or error/",
        )

    async def read(self, name: str, limit: int) -> bytes | None:
        """Return the content of a file, at most `limit` bytes; None when it is gone."""
        body = bytearray()
        try:
            stream = await self._client.get_stream("RETR " + _to_wire(name), "1xx")
        except aioftp.StatusCodeError as error:
            _raise_unless_missing(error)
            return None
        while len(body) < limit and (block := await stream.read(limit - len(body))):
            body += block
        stream.close()
        # At the limit the connection may be closed before the end of the file, which servers may report as an error.
        await self._client.command(None, "2xx" if len(body) < limit else ("2xx", "4xx", "5xx"), "1xx")
        return bytes(body)

    async def move(self, path: str, new: str) -> None:
        """Rename a file to a path that does not exist."""
        await self._client.command("RNFR " + _to_wire(path), "350")
        await self._client.command("RNTO " + _to_wire(new), "2xx")

    async def write(self, path: str, body: bytes) -> None:
        """Write a file."""
        async with self._client.get_stream("STOR " + _to_wire(path), "1xx") as stream:
            await stream.write(body)

    async def overwrite(self, name: str, body: bytes) -> None:
        """Write a file, replacing one of that name, as STOR does (RFC 959, 4.1.3)."""
        await self.write(name, body)

    async def replace(self, name: str, new: str) -> None:
        """Rename a file, replacing one of the new name; on servers that refuse that, after its removal."""
        try:
            await self.move(name, new)
        except aioftp.StatusCodeError:
            with suppress(aioftp.StatusCodeError):  # there may be none, and another reason
                await self._client.command("DELE " + _to_wire(new), "2xx")
            await self.move(name, new)


def _nanoseconds(text: str) -> int:
    """Parse a time of MLSD, as in 20260131120000.123 (RFC 3659, 2.3), into nanoseconds since 1970."""
    at = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    fraction = text[15:24].ljust(9, "0")
    return int(at.timestamp()) * 10**9 + (int(fraction) if fraction.isdecimal() else 0)


def _is_unsupported(error: aioftp.StatusCodeError) -> bool:
    return bool(error.received_codes[-1].matches("50x"))


def _raise_unless_missing(error: aioftp.StatusCodeError) -> None:
    """Raise an error again, unless it is 550, by which servers report a missing file."""
    if not error.received_codes[-1].matches("550"):
        raise error


def _to_wire(text: str) -> str:
    """Return a text as the client must be given it to send its UTF-8 bytes."""
    return text.encode(errors="surrogateescape").decode(ENCODING)


def _from_wire(text: str) -> str:
    """Return the text whose UTF-8 bytes the client received as `text`."""
    return text.encode(ENCODING).decode(errors="surrogateescape")
