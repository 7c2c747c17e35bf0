"""Drop folders for tests: on this host, and on real FTP, FTPS and SFTP servers on the loopback.

Each server runs in a thread or a process of its own, so that it can serve the test as well as a daemon.
"""

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Any

import aioftp
import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import TypeAdapter

from ingestd.drops.files import Folder
from ingestd.pipeline.folder_opener import FolderOpener
from ingestd.settings.values import Logins
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing

USER, PASSWORD = "desk", "s3same words"
HERE = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class DropFolder:
    """A drop folder: its path on the server, and the URL and settings that an operator enters."""

    url: str
    #: The folder on the server's disk, and the directory that the server's user sees as the root.
    path: Path
    root: Path
    logins: tuple[str, ...] = ()
    known_hosts: tuple[str, ...] = ()
    ca_file: Path | None = None

    @property
    def settings(self) -> dict[str, Any]:
        return {"logins": self.logins, "known_hosts": self.known_hosts, "ca_file": self.ca_file}

    @property
    def toml(self) -> str:
        lines = f"logins = {list(self.logins)!r}\nknown_hosts = {list(self.known_hosts)!r}\n"
        return lines + (f"ca_file = '{self.ca_file}'\n" if self.ca_file else "")

    def open(self, **changes: Any) -> AbstractAsyncContextManager[Folder]:
        return open_drop_folder(self.url, **self.settings | changes)


@asynccontextmanager
async def open_drop_folder(
    url: str, *, logins: tuple[str, ...] = (), known_hosts: tuple[str, ...] = (), ca_file: Path | None = None,
    seconds: float = 30.0, networks: tuple[str, ...] = ("127.0.0.0/8",),
) -> AsyncIterator[Folder]:  # fmt: skip
    """Open the folder at a URL, as the daemon does."""
    allowed = [IPv4Network(network) for network in networks]
    async with Fetcher(user_agent="test", pacing=Pacing(delay=0), allow_networks=allowed) as fetcher:
        folders = FolderOpener(
            dial=fetcher.dial,
            logins=TypeAdapter(Logins).validate_python(logins),
            known_hosts=known_hosts,
            ca_file=ca_file,
            seconds=seconds,
        )
        async with folders.open(url) as folder:
            yield folder


@contextmanager
def run_in_thread(serving: AbstractAsyncContextManager[Any]) -> Iterator[Any]:
    """Run an async context manager in an event loop in a thread of its own, and yield what it yields."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    try:
        entered = run(serving.__aenter__())
        try:
            yield entered
        finally:
            run(serving.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def folder_in(root: Path) -> Path:
    path = root / "out going"
    path.mkdir(parents=True)
    return path


@contextmanager
def local(root: Path) -> Iterator[DropFolder]:
    path = folder_in(root)
    yield DropFolder(url=f"{path.as_uri()}/", path=path, root=root)


@asynccontextmanager
async def _ftp(root: Path, port: int, **more: Any) -> AsyncIterator[int]:
    user = aioftp.User(USER, PASSWORD, base_path=root, permissions=[aioftp.Permission("/")])
    server = aioftp.Server([user], **more)
    await server.start(HERE, port)
    try:
        yield server.server.sockets[0].getsockname()[1]
    finally:
        await server.close()


@contextmanager
def ftp(root: Path, at: int = 0) -> Iterator[DropFolder]:
    path = folder_in(root)
    with run_in_thread(_ftp(root, at)) as port:
        yield DropFolder(
            url=f"ftp://{USER}@{HERE}:{port}/out%20going/", path=path, root=root,
            logins=(f"ftp://{HERE}:{port} basic {USER} {PASSWORD}",),
        )  # fmt: skip


@contextmanager
def ftps(root: Path) -> Iterator[DropFolder]:
    """Serve by FTP; the server requires AUTH TLS first, and TLS for all data connections."""
    path = folder_in(root)
    certificate = make_certificate(root.parent)
    command = [
        sys.executable, "-m", "pyftpdlib", "--interface", HERE, "--port", "0", "--directory", str(root), "--write",
        "--username", USER, "--password", PASSWORD, "--tls", "--certfile", str(certificate), "--keyfile",
        str(certificate), "--tls-control-required", "--tls-data-required",
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    lines = process.stderr
    reading = threading.Thread(target=lambda: [None for _ in lines], daemon=True)
    try:
        port = next(match[1] for line in lines if (match := re.search(r"server on 127\.0\.0\.1:(\d+)", line)))
        reading.start()
        yield DropFolder(
            url=f"ftps://{USER}@{HERE}:{port}/out%20going/", path=path, root=root, ca_file=certificate,
            logins=(f"ftps://{HERE}:{port} basic {USER} {PASSWORD}",),
        )  # fmt: skip
    finally:
        process.kill()
        process.wait(30)
        if reading.ident:
            reading.join(30)
        lines.close()


class _Sshd(asyncssh.SSHServer):
    def __init__(self, client_key: asyncssh.SSHKey | None, connections: list[asyncssh.SSHServerConnection]) -> None:
        self._client_key = client_key
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)

    def password_auth_supported(self) -> bool:
        return self._client_key is None

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return self._client_key is not None

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and self._client_key is not None and key == self._client_key.convert_to_public()


@asynccontextmanager
async def _sftp(root: Path, key: asyncssh.SSHKey, port: int, client_key: asyncssh.SSHKey | None) -> AsyncIterator[int]:
    connections: list[asyncssh.SSHServerConnection] = []
    server = await asyncssh.listen(
        HERE, port, server_factory=lambda: _Sshd(client_key, connections), server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=bytes(root)),
    )  # fmt: skip
    try:
        yield server.get_port()
    finally:
        server.close()
        for connection in connections:
            connection.abort()
        await server.wait_closed()


@contextmanager
def sftp(root: Path, at: int = 0, client_key: Path | None = None) -> Iterator[DropFolder]:
    """Serve by SFTP; the client logs in with the password, or with `client_key` if it is given."""
    path = folder_in(root)
    key = asyncssh.generate_private_key("ssh-ed25519")
    client = asyncssh.read_private_key(client_key) if client_key else None
    with run_in_thread(_sftp(root, key, at, client)) as port:
        login = f"key {USER} {client_key}" if client_key else f"basic {USER} {PASSWORD}"
        yield DropFolder(
            url=f"sftp://{USER}@{HERE}:{port}/out%20going/", path=path, root=root,
            logins=(f"sftp://{HERE}:{port} {login}",), known_hosts=(known_host(port, key),),
        )  # fmt: skip


def known_host(port: int, key: asyncssh.SSHKey) -> str:
    return f"[{HERE}]:{port} {key.export_public_key().decode().strip()}"


DROP_FOLDERS: dict[str, Callable[[Path], AbstractContextManager[DropFolder]]] = {
    "local": local,
    "ftp": ftp,
    "ftps": ftps,
    "sftp": sftp,
}


def make_certificate(folder: Path) -> Path:
    """Create a self-signed certificate for the loopback; return the file with it and its private key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wire.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file
