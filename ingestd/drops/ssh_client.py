"""How we log in by SSH: of the user's own keys, configuration and agent, asyncssh is told nothing."""

from collections.abc import Sequence
from pathlib import Path

import asyncssh
from asyncssh.public_key import get_default_certificate_algs, get_default_public_key_algs

from ingestd.drops.remote import Server
from ingestd.errors import LoginRefused, UnknownHostKey
from ingestd.text import collapse

#: Characters to keep of what is wrong with a key.
_LONGEST_COMPLAINT = 200


def read_key(server: Server, path: Path) -> asyncssh.SSHKey:
    """Read a private key; waits for the disk; raises LoginRefused."""
    try:
        return asyncssh.read_private_key(path)
    except OSError as error:
        raise LoginRefused(server.url, f"cannot read the key {path}: {error.strerror}; see `logins`") from error
    except (asyncssh.KeyImportError, ValueError) as error:
        raise LoginRefused(
            server.url, f"{path} is no private key that can be read without a passphrase; see `logins`"
        ) from error


class Client(asyncssh.SSHClient):
    """Connects, and remembers which key it did not know."""

    def __init__(self, server: Server, known_hosts: str) -> None:
        self._server = server
        try:
            self._known = asyncssh.import_known_hosts(known_hosts)
        except ValueError as error:
            raise UnknownHostKey(server.url, f"known_hosts cannot be read: {collapse(str(error))}") from error
        self._unknown: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Refuse a key that is not in `known_hosts`."""
        del host, addr, port
        self._unknown = key
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
            raise self._refused_key(error) from error
        except asyncssh.PermissionDenied as error:
            what = "key" if key else "password"
            raise LoginRefused(
                server.url, f"it refuses the user {server.user} with this {what}; see the setting `logins`"
            ) from error

    def _trusted(self) -> tuple[Sequence[asyncssh.SSHKey], Sequence[asyncssh.SSHKey]]:
        """Return the keys that are known of the server, and those of the authorities that may vouch for it."""
        port = None if self._server.port == 22 else self._server.port
        keys, authorities, *_ = self._known.match(self._server.host, "", port)
        return keys, authorities

    def _algorithms(self) -> list[str]:
        """Return what kinds of keys to ask for: known ones first, and then others, to see what it has instead."""
        keys, authorities = self._trusted()
        names = get_default_certificate_algs() if authorities else []
        names = [*names, *(name for key in keys for name in key.sig_algorithms), *get_default_public_key_algs()]
        return list(dict.fromkeys(name.decode() for name in names))

    def _refused_key(self, error: asyncssh.HostKeyNotVerifiable) -> UnknownHostKey:
        """Say which key it is, and the line that would make it known."""
        server, key = self._server, self._unknown
        if key is None:
            return UnknownHostKey(server.url, f"its host key is refused: {collapse(error.reason)}"[:_LONGEST_COMPLAINT])
        name = server.host if server.port == 22 else f"[{server.host}]:{server.port}"
        says = "is not the one in known_hosts" if self._trusted()[0] else "is not in known_hosts"
        line = f"{name} {key.export_public_key().decode().strip()}"
        return UnknownHostKey(
            server.url, f"its host key {key.get_fingerprint()} {says}; if its operator says that it is right: {line}"
        )
