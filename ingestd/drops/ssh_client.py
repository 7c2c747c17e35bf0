"""Log in by SSH with one key or password; the user's own keys, configuration and agent are never used."""

from collections.abc import Sequence
from pathlib import Path

import asyncssh
from asyncssh.public_key import get_default_certificate_algs, get_default_public_key_algs

from ingestd.drops.remote import Server
from ingestd.errors import LoginRefused, UnknownHostKey
from ingestd.text import collapse

#: Characters of an error about a key to keep.
_MAX_MESSAGE = 200


def read_key(server: Server, path: Path) -> asyncssh.SSHKey:
    """Read a private key (blocking); raises LoginRefused."""
    try:
        return asyncssh.read_private_key(path)
    except OSError as error:
        raise LoginRefused(
            server.url, f"cannot read the key {path}: {error.strerror}; see the setting `logins`"
        ) from error
    except (asyncssh.KeyImportError, ValueError) as error:
        raise LoginRefused(
            server.url, f"{path} is not a private key, or needs a passphrase; see the setting `logins`"
        ) from error


class Client(asyncssh.SSHClient):
    """SSH client of one server, which records a host key that is not in `known_hosts`."""

    def __init__(self, server: Server, known_hosts: str) -> None:
        self._server = server
        try:
            self._known = asyncssh.import_known_hosts(known_hosts)
        except ValueError as error:
            raise UnknownHostKey(server.url, f"cannot parse known_hosts: {collapse(str(error))}") from error
        self._refused_key: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Refuse and record a key; asyncssh calls this only for a key that is not in `known_hosts`."""
        del host, addr, port
        self._refused_key = key
        return False

    async def connect(self, key: asyncssh.SSHKey | None) -> asyncssh.SSHClientConnection:
        """Connect and log in; raises UnknownHostKey, LoginRefused."""
        server = self._server
        opened = await server.dial(server.host, server.port)
        try:
            return await asyncssh.connect(
                server.host, server.port, sock=opened, client_factory=lambda: self, config=None,
                known_hosts=self._known, x509_trusted_certs=None, server_host_key_algs=self._algorithms(),
                username=server.user,
                password=None if key else server.password, client_keys=[key] if key else None, agent_path=None,
                gss_host=None, compression_algs=None, login_timeout=server.seconds,
            )  # fmt: skip
        except asyncssh.HostKeyNotVerifiable as error:
            raise self._unknown_host_key(error) from error
        except asyncssh.PermissionDenied as error:
            kind = "key" if key else "password"
            raise LoginRefused(
                server.url, f"the server refuses the user {server.user} with this {kind}; see the setting `logins`"
            ) from error

    def _known_keys(self) -> tuple[Sequence[asyncssh.SSHKey], Sequence[asyncssh.SSHKey]]:
        """Return the known host keys of the server, and those of the certificate authorities known for it."""
        port = None if self._server.port == 22 else self._server.port
        keys, authorities, *_ = self._known.match(self._server.host, "", port)
        return keys, authorities

    def _algorithms(self) -> list[str]:
        """Return the host key algorithms to offer: those of known keys first, then others, to report its actual key."""
        keys, authorities = self._known_keys()
        names = get_default_certificate_algs() if authorities else []
        names = [*names, *(name for key in keys for name in key.sig_algorithms), *get_default_public_key_algs()]
        return list(dict.fromkeys(name.decode() for name in names))

    def _unknown_host_key(self, error: asyncssh.HostKeyNotVerifiable) -> UnknownHostKey:
        """Return an error with the fingerprint of the refused key and the line for known_hosts that accepts it."""
        server, key = self._server, self._refused_key
        if key is None:
            return UnknownHostKey(server.url, f"the host key is refused: {collapse(error.reason)}"[:_MAX_MESSAGE])
        name = server.host if server.port == 22 else f"[{server.host}]:{server.port}"
        problem = "is not the one in known_hosts" if self._known_keys()[0] else "is not in known_hosts"
        line = f"{name} {key.export_public_key().decode().strip()}"
        return UnknownHostKey(
            server.url,
            f"the host key {key.get_fingerprint()} {problem}; if its operator confirms it, add the line: {line}",
        )
