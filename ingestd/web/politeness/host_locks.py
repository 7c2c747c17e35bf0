"""Locks shared by all processes of a host: each is one byte of a lock file, and no byte is ever written.

They are POSIX record locks (fcntl(2)): the kernel frees them when their process ends, however it ends.  They belong to
the process: it is granted a lock it already has again, and loses all of them when it closes any descriptor of the file.
So a process opens one HostLocks for each file, and counts its own locks.
"""

import fcntl
import os
import random
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

#: Locks of one name.
MAX_SLOTS = 4096

# Characters of a name whose place in the file is cached; host names are no longer (RFC 1035, 2.3.4).
_MAX_NAME = 255


class HostLocks:
    """Lock file with numbered slots for each name; `path` is created when missing, its directory is not.

    Raises OSError when the file cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)

    def lock(self, name: str, slot: int) -> bool:
        """Lock a slot of a name without waiting; return False when another process has it."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(name, slot))
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, depending on the system
            return False
        return True

    def unlock(self, name: str, slot: int) -> None:
        """Unlock a slot; does nothing when it is not locked or the file is closed."""
        if self._file >= 0:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _offset(name, slot))

    def is_free(self, name: str, slot: int) -> bool:
        """Return whether `lock` would succeed; only for a slot that this process has not locked itself."""
        free = self.lock(name, slot)
        if free:
            self.unlock(name, slot)
        return free

    def close(self) -> None:
        """Unlock everything and close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def pauses() -> Iterator[float]:
    """Yield the seconds between two attempts to lock what another process has: from 0.05 up to 0.2."""
    seconds = 0.05
    while True:
        # Jitter: a process that always tries just after another one would never get the lock.
        yield seconds * random.uniform(0.8, 1.2)  # noqa: S311 - not a secret
        seconds = min(seconds * 1.5, 0.2)


def _offset(name: str, slot: int) -> int:
    return (_known_first_slot if len(name) <= _MAX_NAME else _first_slot)(name) + slot


def _first_slot(name: str) -> int:
    # 48 bits of hash and 12 of slot are 60 bits; a file offset has 63.  Two names with the same hash share their
    # slots, which is slow but correct.
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest(), "big") * MAX_SLOTS


_known_first_slot = lru_cache(maxsize=1024)(_first_slot)
