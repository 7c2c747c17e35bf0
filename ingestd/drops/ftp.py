"""Drop folders by FTP (RFC 959, 2428, 3659) and FTPS (RFC 4217), with aioftp.

Data connections go to the address that the control connection has, whatever the server says, and past the guard.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import aioftp

from ingestd.drops.files import PLACES, File, Folder
from ingestd.drops.ftp_client import BYTES, Client
from ingestd.drops.remote import MOST_NAMES, RemoteFolder, Server, too_many
from ingestd.errors import BrokenReply, Inaccessible, LoginRefused, TimedOut, Unreachable
from ingestd.text import collapse

#: Bytes of one listing at the most.
_LONGEST_LISTING = 32 * 2**20

#: Characters to keep of what a server says.
_LONGEST_COMPLAINT = 200

#: Seconds for a good-bye.
_GOOD_BYE = 2.0


@asynccontextmanager
async def open_ftp(
    server: Server, *, tls: ssl.SSLContext | None = None, implicit: bool = False
) -> AsyncIterator[Folder]:
    """Log in, with TLS where there is a context for it, and open the folder; makes `done` and `error`.

    TLS begins with AUTH TLS, or at once where it is `implicit`.  Raises FetchError.
    """
    client = Client(server, tls if implicit else None)
    session = FtpSession(client, server)
    try:
        async with session.step("it cannot be used"):
            await client.connect(server.host, server.port)
            if tls and not implicit:
                await client.upgrade_to_tls(tls)
        await session.log_in()
        if tls and implicit:
            async with session.step("it cannot be used"):
                await client.protect()
        await session.enter()
        yield RemoteFolder(session, server.url)
        with suppress(Exception):  # all is done: whatever it says to that
            async with asyncio.timeout(_GOOD_BYE):
                await client.quit()
    finally:
        client.close()
        await asyncio.sleep(0)  # transports are closed by the loop


class FtpSession:
    """A connection to an FTP server."""

    def __init__(self, client: Client, server: Server) -> None:
        self._client = client
        self._server = server
        self._has_facts = True

    @asynccontextmanager
    async def step(self, what: str) -> AsyncIterator[None]:
        """Do something within the time for a step."""
        url, seconds = self._server.url, self._server.seconds
        try:
            async with asyncio.timeout(seconds):
                yield
        except aioftp.StatusCodeError as error:
            raise Inaccessible(url, f"{what}: {self._said(error)}") from error
        except TimeoutError as error:
            raise TimedOut(url, f"{what}: no answer within {seconds:g} s") from error
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(url, f"no TLS: {error.verify_message}; ca_file may name who vouches for it") from error
        except ssl.SSLError as error:
            raise Unreachable(url, f"no TLS: {error.reason or error}") from error
        except (OSError, EOFError) as error:
            raise BrokenReply(url, f"{what}: the connection ended") from error
        except (
            aioftp.AIOFTPException,
            ValueError,
            IndexError,
            KeyError,
        ) as error:  # as aioftp does with what it cannot read
            raise BrokenReply(url, f"{what}: what it answers is no FTP") from error

    def _said(self, error: aioftp.StatusCodeError) -> str:
        text = _shown(" ".join((*error.received_codes[-1:], *map(str, error.info))))
        # A server may repeat what it was sent.
        secret = self._server.password
        return collapse(text.replace(secret, "...") if secret else text)[:_LONGEST_COMPLAINT]

    async def log_in(self) -> None:
        """Log in; raises LoginRefused."""
        user, password = self._server.user, self._server.password or ""
        async with self.step("it does not let us in"):
            try:
                await self._client.login(_sent(user), _sent(password))
            except aioftp.StatusCodeError as error:
                code = str(error.received_codes[-1])
                if not code.startswith("5"):  # too busy, for now
                    raise
                raise LoginRefused(
                    self._server.url, f"it refuses the user {user}: {self._said(error)}; see the setting `logins`"
                ) from error

    async def enter(self) -> None:
        """Make the folder the working directory, and `done` and `error` in it."""
        async with self.step("it cannot be used"):
            if self._server.path:
                await self._client.command("CWD " + _sent(self._server.path), "2xx")
            # Else SIZE would be of the text as it would be sent, or refused.
            await self._client.command("TYPE I", "200")
            here = str(await self._client.get_current_directory())
            if here == ".":
                raise ValueError("no name of a directory")
            for place in PLACES:
                try:
                    await self._client.command("CWD " + place, "2xx")
                except aioftp.StatusCodeError:
                    await self._client.command("MKD " + place, "2xx")
                else:
                    await self._client.command("CWD " + here, "2xx")

    async def listing(self) -> list[File]:
        """Return the plain files, by MLSD, or else by LIST, which tells minutes alone, in the server's own zone."""
        if self._has_facts:
            try:
                return [file for line in await self._lines("MLSD") if (file := self._of_facts(line))]
            except aioftp.StatusCodeError as error:
                if not _is_not_understood(error):
                    raise
                self._has_facts = False
        return [file for line in await self._lines("LIST") if (file := self._of_list(line))]

    async def _lines(self, command: str) -> list[bytes]:
        lines: list[bytes] = []
        size = 0
        async with self._client.get_stream(command, "1xx") as stream:
            while line := await stream.readline():
                size += len(line)
                if len(lines) == MOST_NAMES or size > _LONGEST_LISTING:
                    raise too_many(self._server.url)
                lines.append(line.rstrip(b"\r\n"))
        return lines

    def _of_facts(self, line: bytes) -> File | None:
        """Read a line of MLSD or MLST (RFC 3659, 7.2)."""
        found, _, name = line.decode(errors="surrogateescape").partition(" ")
        facts = {key.lower(): value for key, _, value in (fact.partition("=") for fact in found.split(";"))}
        if facts.get("type", "").lower() != "file":
            return None
        if not facts.get("size", "").isdecimal() or not facts.get("modify", "")[:14].isdecimal():
            raise Inaccessible(self._server.url, "its listing does not say how large files are, and from when")
        return File(name=name, size=int(facts["size"]), modified=_nanoseconds(facts["modify"]))

    def _of_list(self, line: bytes) -> File | None:
        if line.startswith((b"total ", b"d", b"l")) or not line.strip():
            return None
        found, facts = self._client.parse_list_line(line)
        info: dict[str, Any] = dict(facts)
        if info["type"] != "file":
            return None
        return File(name=_shown(str(found)), size=int(info["size"]), modified=_nanoseconds(info["modify"]))

    async def again(self, file: File) -> File | None:
        """Return a file as it is now, by MLST, or by its SIZE alone; as it was where the server knows neither."""
        try:
            if self._has_facts:
                _, lines = await self._client.command("MLST " + _sent(file.name), "2xx")
                now = self._of_facts(lines[1].strip().encode(BYTES))
                return File(name=file.name, size=now.size, modified=now.modified) if now else None
            _, lines = await self._client.command("SIZE " + _sent(file.name), "213")
            return File(name=file.name, size=int(lines[-1]), modified=file.modified)
        except aioftp.StatusCodeError as error:
            if _is_not_understood(error):
                return file
            _must_be_gone(error)
            return None

    async def is_there(self, path: str) -> bool:
        """Say whether there is anything of that name; raises Inaccessible where the server cannot tell."""
        for command in ("MLST", "SIZE") if self._has_facts else ("SIZE",):
            try:
                await self._client.command(f"{command} {_sent(path)}", "2xx")
            except aioftp.StatusCodeError as error:
                if _is_not_understood(error):
                    continue
                _must_be_gone(error)
                return False
            return True
        raise Inaccessible(self._server.url, "it knows neither MLST nor SIZE, and so not what is in done/ and error/")

    async def fetch(self, name: str, most: int) -> bytes | None:
        """Return what a file holds, `most` bytes of it at the most."""
        body = bytearray()
        try:
            stream = await self._client.get_stream("RETR " + _sent(name), "1xx")
        except aioftp.StatusCodeError as error:
            _must_be_gone(error)
            return None
        while len(body) < most and (block := await stream.read(most - len(body))):
            body += block
        stream.close()
        # Where we hang up because it goes on, the server may complain.
        await self._client.command(None, "2xx" if len(body) < most else ("2xx", "4xx", "5xx"), "1xx")
        return bytes(body)

    async def move(self, path: str, new: str) -> None:
        """Rename what is there to a name that is not."""
        await self._client.command("RNFR " + _sent(path), "350")
        await self._client.command("RNTO " + _sent(new), "2xx")

    async def store(self, path: str, body: bytes) -> None:
        """Write a file."""
        async with self._client.get_stream("STOR " + _sent(path), "1xx") as stream:
            await stream.write(body)


def _nanoseconds(text: str) -> int:
    """Read a time of MLSD, as in 20260131120000.123 (RFC 3659, 2.3)."""
    at = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    fraction = text[15:24].ljust(9, "0")
    return int(at.timestamp()) * 10**9 + (int(fraction) if fraction.isdecimal() else 0)


def _is_not_understood(error: aioftp.StatusCodeError) -> bool:
    return bool(error.received_codes[-1].matches("50x"))


def _must_be_gone(error: aioftp.StatusCodeError) -> None:
    """Raise an error again but for 550, with which servers say that there is no such file."""
    if not error.received_codes[-1].matches("550"):
        raise error


def _sent(text: str) -> str:
    return text.encode(errors="surrogateescape").decode(BYTES)


def _shown(text: str) -> str:
    return text.encode(BYTES).decode(errors="surrogateescape")
