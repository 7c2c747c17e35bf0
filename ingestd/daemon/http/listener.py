"""The socket that the HTTP server listens at: a TCP port or a UNIX socket."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingestd.daemon.http.hosts import is_loopback
from ingestd.errors import AddressInUse, ConfigError
from ingestd.settings import Listen

#: Seconds a process listening at a UNIX socket has to accept a connection.
_CONNECT_TIMEOUT = 1.0


def address_of(listen: Listen, listener: socket.socket) -> str:
    """Return the URL of the status page, or the path of the UNIX socket."""
    if listen.path is not None:
        return str(listen)
    return f"http://{Listen(host=listen.host, port=listener.getsockname()[1])}/"


@contextmanager
def listening_socket(listen: Listen, *, local_only: bool = False) -> Iterator[socket.socket]:
    """Open a socket that listens at `listen`, and close it; the file of a UNIX socket is removed.

    Raises ConfigError when the address cannot be used, or `local_only` and other hosts can reach it; AddressInUse when
    another process listens there.
    """
    try:
        listener = _bind_path(listen.path) if listen.path is not None else _bind_port(listen, local_only=local_only)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise AddressInUse(
                f"cannot listen at {listen}: another process listens there; end it or set listen to another address"
            ) from error
        raise ConfigError(f"listen: cannot bind {listen}: {error.strerror or error}") from error
    with listener:
        yield listener
        if listen.path is not None:
            listen.path.unlink(missing_ok=True)


def _bind_port(listen: Listen, *, local_only: bool) -> socket.socket:
    family, kind, protocol, _, address = _resolve(listen)
    if local_only:
        _refuse_reachable(listen, address)
    listener = socket.socket(family, kind, protocol)
    try:
        # Closing connections of the previous process must not prevent a start.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()  # with SO_REUSEADDR two may bind one port, but only one may listen
    except OSError:
        listener.close()
        raise
    return listener


def refuse_reachable(listen: Listen) -> None:
    """Raise ConfigError if other hosts can reach an address; one that cannot be resolved is left to the start."""
    try:
        address = _resolve(listen)[4] if listen.path is None else None
    except OSError:
        return
    if address is not None:
        _refuse_reachable(listen, address)


def _refuse_reachable(listen: Listen, address: tuple[Any, ...]) -> None:
    if not is_loopback(str(address[0])):
        raise ConfigError(
            f"listen: other hosts can reach {listen}, and api_token is not set; set api_token, or listen_open = true "
            "if everybody who can connect may read the status page"
        )


def _resolve(listen: Listen) -> tuple[Any, ...]:
    return socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]


def _bind_path(path: Path) -> socket.socket:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        # Before `listen`, so that no connection precedes it.
        path.chmod(0o660)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path) -> None:
    """Remove the socket file of a dead process; raises OSError when a process listens there or it is not a socket."""
    if not path.exists():
        return
    if not path.is_socket():
        raise OSError(errno.EEXIST, "the file is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_CONNECT_TIMEOUT)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except (BlockingIOError, TimeoutError):  # alive but very busy
            pass
    raise OSError(errno.EADDRINUSE, "in use")
