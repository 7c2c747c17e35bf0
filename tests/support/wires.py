"""Drop folders as agencies offer them: on this host, and behind real servers of FTP, FTPS and SFTP on the loopback.

Each server has a thread or a process of its own, so that it answers whoever asks, be it a test or a daemon.
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
class Wire:
    """A drop folder: where its files lie on the server, and what an operator is told of it."""

    url: str
    #: The folder as the server has it, and what the user of the server sees as the root.
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
        return opened(self.url, **self.settings | changes)


@asynccontextmanager
async def opened(
    url: str, *, logins: tuple[str, ...] = (), known_hosts: tuple[str, ...] = (), ca_file: Path | None = None,
    seconds: float = 30.0, networks: tuple[str, ...] = ("127.0.0.0/8",),
) -> AsyncIterator[Folder]:  # fmt: skip
    """Open the folder at an address, as the daemon would."""
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
def in_a_thread(serving: AbstractAsyncContextManager[Any]) -> Iterator[Any]:
    """Enter a server in an event loop of its own."""
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
def local(root: Path) -> Iterator[Wire]:
    path = folder_in(root)
    yield Wire(url=f"{path.as_uri()}/", path=path, root=root)


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
def ftp(root: Path, at: int = 0) -> Iterator[Wire]:
    path = folder_in(root)
    with in_a_thread(_ftp(root, at)) as port:
        yield Wire(
            url=f"ftp://{USER}@{HERE}:{port}/out%20going/", path=path, root=root,
            logins=(f"ftp://{HERE}:{port} basic {USER} {PASSWORD}",),
        )  # fmt: skip


@contextmanager
def ftps(root: Path) -> Iterator[Wire]:
    """FTP that wants AUTH TLS before anything else, and TLS for all data."""
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
        yield Wire(
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
    def __init__(self, client_key: asyncssh.SSHKey | None, guests: list[asyncssh.SSHServerConnection]) -> None:
        self._client_key = client_key
        self._guests = guests

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._guests.append(conn)

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
    guests: list[asyncssh.SSHServerConnection] = []
    server = await asyncssh.listen(
        HERE, port, server_factory=lambda: _Sshd(client_key, guests), server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=bytes(root)),
    )  # fmt: skip
    try:
        yield server.get_port()
    finally:
        server.close()
        for reservation in guests:
            reservation.abort()
        await server.wait_closed()


@contextmanager
def sftp(root: Path, at: int = 0, client_key: Path | None = None) -> Iterator[Wire]:
    """SFTP for whoever has the password, or rather the private key, where there is one."""
    path = folder_in(root)
    key = asyncssh.generate_private_key("ssh-ed25519")
    theirs = asyncssh.read_private_key(client_key) if client_key else None
    with in_a_thread(_sftp(root, key, at, theirs)) as port:
        how = f"key {USER} {client_key}" if client_key else f"basic {USER} {PASSWORD}"
        yield Wire(
            url=f"sftp://{USER}@{HERE}:{port}/out%20going/", path=path, root=root,
            logins=(f"sftp://{HERE}:{port} {how}",), known_hosts=(known_host(port, key),),
        )  # fmt: skip


def known_host(port: int, key: asyncssh.SSHKey) -> str:
    return f"[{HERE}]:{port} {key.export_public_key().decode().strip()}"


WIRES: dict[str, Callable[[Path], AbstractContextManager[Wire]]] = {
    "local": local,
    "ftp": ftp,
    "ftps": ftps,
    "sftp": sftp,
}


def make_certificate(folder: Path) -> Path:
    """Make a certificate for the loopback that vouches for itself; return the file with it and its key."""
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
