"""Open drop folders by URL: on this host, or over FTP, FTPS or SFTP."""

import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from functools import cached_property, partial
from pathlib import Path
from socket import socket
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from yarl import URL

from ingestd.drops.files import Folder
from ingestd.drops.local import open_folder
from ingestd.drops.outbox import LocalOutbox, Outbox
from ingestd.drops.remote import Server
from ingestd.errors import LoginRefused, NotInstalled
from ingestd.urls import FOLDER_PORTS, folder_path, is_remote_folder, without_userinfo
from ingestd.web.connection.dial import tls_context
from ingestd.web.logins import Login, origin_of

#: The port of implicit FTPS: TLS starts at once, without AUTH TLS.
_IMPLICIT_TLS_PORT = 990


class Dial(Protocol):
    """Function that opens connections to allowed addresses."""

    async def __call__(self, host: str, port: int, *, url: str) -> socket:
        """Return a connected socket; raises FetchError, with `url` in its message."""


class FolderOpener:
    """Opener of drop folders on this host and on servers.

    `logins` are the logins of the servers, `known_hosts` the keys of SFTP servers as lines of a known_hosts file;
    `ca_file` has CA certificates to trust besides the system's.  `seconds` is the time limit of each operation.
    """

    def __init__(
        self, *, dial: Dial, logins: Sequence[Login], known_hosts: Sequence[str], ca_file: Path | None, seconds: float
    ) -> None:
        self._dial = dial
        self._logins = [login for login in logins if login.is_for_folders]
        self._known_hosts = "".join(f"{line}\n" for line in known_hosts)
        self._ca_file = ca_file
        self._seconds = seconds

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Made on first use: loading the system's CA certificates is slow.
        return tls_context(self._ca_file)

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator[Folder]:
        """Open the folder at a URL; its subfolders `done` and `error` are created if missing.  Raises FetchError."""
        async with self._remote(url) if is_remote_folder(url) else open_folder(Path(folder_path(url)), url) as folder:
            yield folder

    @asynccontextmanager
    async def open_outbox(self, url: str) -> AsyncIterator[Outbox]:
        """Open the folder at a URL for writing; nothing is created in it but what is put there.  Raises FetchError."""
        if not is_remote_folder(url):
            with closing(LocalOutbox(Path(folder_path(url)), url)) as local:
                yield local
            return
        async with self._remote(url, writing=True) as outbox:
            yield outbox

    def _remote(self, url: str, *, writing: bool = False) -> AbstractAsyncContextManager[Any]:
        login = self._login(url)
        server = self._server(url, login)
        if url.startswith("sftp:"):
            return _sftp_opener(server, writing=writing)(server, key=_key(login), known_hosts=self._known_hosts)
        tls = self._tls if url.startswith("ftps:") else None
        return _ftp_opener(server, writing=writing)(server, tls=tls, implicit=server.port == _IMPLICIT_TLS_PORT)

    def _login(self, url: str) -> Login | None:
        """Return the login for a folder's server and the user in its URL; raises LoginRefused."""
        parts = URL(url)
        logins = [login for login in self._logins if login.origin == origin_of(parts)]
        if parts.user is not None:
            logins = [login for login in logins if login.name == parts.user]
        if not logins and (parts.user is not None or parts.scheme == "sftp"):
            who = f"the user {parts.user}" if parts.user else "its server"
            raise LoginRefused(without_userinfo(url), f"no login for {who}; add one to the setting `logins`")
        if len(logins) > 1:
            raise LoginRefused(
                without_userinfo(url),
                f"`logins` has {len(logins)} users for it; name one, as in {parts.scheme}://user@{parts.host}/",
            )
        return logins[0] if logins else None

    def _server(self, url: str, login: Login | None) -> Server:
        parts, shown = urlsplit(url), without_userinfo(url)
        path = unquote(parts.path, errors="surrogateescape")
        # Paths of FTP start in the login's directory (RFC 1738, 3.2.2), those of SFTP at the root unless at "~".
        relative = path.removeprefix("/~/" if parts.scheme == "sftp" else "/")
        return Server(
            url=shown,
            host=parts.hostname or "",
            port=parts.port or FOLDER_PORTS[parts.scheme],
            path=relative.rstrip("/") or ("/" if relative else ""),
            user=login.name if login else "anonymous",
            password="" if login is None else login.value if login.kind == "basic" else None,
            seconds=self._seconds,
            dial=partial(self._dial, url=shown),
        )


def _key(login: Login | None) -> Path | None:
    return Path(login.value) if login and login.kind == "key" else None


def _ftp_opener(server: Server, *, writing: bool) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """Return what opens a folder on an FTP server, to read or for writing."""
    try:
        from ingestd.drops.ftp import open_ftp, open_ftp_outbox  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise NotInstalled(server.url, _MISSING.format("FTP", "aioftp", "ftp")) from error
    return open_ftp_outbox if writing else open_ftp


def _sftp_opener(server: Server, *, writing: bool) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """Return what opens a folder on an SFTP server, to read or for writing."""
    try:
        from ingestd.drops.sftp import open_sftp, open_sftp_outbox  # noqa: PLC0415 - an extra, and it takes 0.2 s
    except ModuleNotFoundError as error:
        raise NotInstalled(server.url, _MISSING.format("SFTP", "asyncssh", "sftp")) from error
    return open_sftp_outbox if writing else open_sftp


_MISSING = "{0} needs the library {1}, which is not installed; run: pip install 'ingestd[{2}]'"
