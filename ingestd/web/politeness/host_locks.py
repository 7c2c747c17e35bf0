"""Locks that all processes of a host share: one byte of a file for each, and none is ever written.

POSIX record locks (fcntl(2)): the kernel frees them when their process ends, however it ends.  They belong to the
process: it gets a lock it already has once more, and loses them all when it closes any descriptor of the file.
So a process opens one HostLocks a file, and keeps count of its own.
"""

import fcntl
import os
from hashlib import blake2b
from pathlib import Path

#: Locks that one name can have.
MAX_SLOTS = 4096


class HostLocks:
    """Locks on the slots of names; `path` is created when missing, its folder is not.

    Raises OSError when the file cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)

    def lock(self, name: str, slot: int) -> bool:
        """Take a slot of a name; False when another process has it."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(name, slot))
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, as the system likes
            return False
        return True

    def unlock(self, name: str, slot: int) -> None:
        """Give a slot back; one that was not taken, or has gone with the file, is fine."""
        if self._file >= 0:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _offset(name, slot))

    def is_free(self, name: str, slot: int) -> bool:
        """Say whether `lock` would succeed; for a slot that this process does not have."""
        free = self.lock(name, slot)
        if free:
            self.unlock(name, slot)
        return free

    def close(self) -> None:
        """Give back all there are."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _offset(name: str, slot: int) -> int:
    # 48 bits of hash, then the slot: 60 bits, and a file offset has 63.  Two names that fell together
    # would share their turns, which is slow and not wrong.
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest(), "big") * MAX_SLOTS + slot
