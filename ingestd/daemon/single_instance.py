"""Lock an SQLite file for one daemon: two would block each other's writes and poll each site at twice its rate."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestd.errors import ConfigError


@contextmanager
def instance_lock(file: Path | None) -> Iterator[None]:
    """Hold the lock of a database file (`FILE.daemon` next to it); None: daemons may share the database, no lock.

    The system releases the lock when the process ends, however it ends.  Raises ConfigError when another process
    holds it.
    """
    if file is None:
        yield
        return
    file = file.resolve()  # two names of one file are one file
    lock = file.with_name(file.name + ".daemon")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise ConfigError(f"cannot open {lock}: {error.strerror}") from error
    try:
        _acquire(descriptor, lock, file)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, lock: Path, file: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        raise ConfigError(
            f"another daemon uses {file} (process {holder}): stop it, "
            "or use PostgreSQL, which several daemons may share"
        ) from None
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(lock)) from error  # it names no file by itself
