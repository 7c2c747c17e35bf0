"""One daemon for an SQLite file: two would wait for each other's writes, and poll twice as politely as they should."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestd.errors import ConfigError


@contextmanager
def alone(file: Path | None) -> Iterator[None]:
    """Hold a database file's lock, beside it; None is a database that daemons may share.

    The system lets go of it when the process ends, however it does.  Raises ConfigError when another one has it.
    """
    if file is None:
        yield
        return
    file = file.resolve()  # two names of one file are one file
    lock = file.with_name(file.name + ".daemon")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise ConfigError(f"{lock} cannot be opened: {error.strerror}") from error
    try:
        _take(descriptor, file)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, file: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        raise ConfigError(
            f"another daemon works with {file} (process {holder}): end that one, "
            "or use PostgreSQL, which several may share"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
