"""Identify processes, across hosts, containers and restarts."""

import os
import socket
from pathlib import Path

_PROC = Path("/proc")

#: States in /proc/PID/stat of a process that has ended (proc(5)): a zombie that its parent has not read yet, or dead.
_ENDED = ("Z", "X")


def place(proc: Path = _PROC) -> str:
    """Return where this process's id is valid: the boot of this host, and the namespace of its process ids.

    Host names do not tell: containers share one, and a host may be renamed.  Without /proc it is the host name.
    """
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {(proc / 'self/ns/pid').readlink()}"[:120]
    except OSError:
        return socket.gethostname()[:120]


def started(pid: int, proc: Path = _PROC) -> str | None:
    """Return when a process was started, in clock ticks since the boot; None: it is not to be seen in /proc."""
    fields = _stat(pid, proc)
    return fields[19] if fields else None  # field 22 of proc(5): the first one here is field 3


def is_missing(pid: int, started_at: str | None) -> bool:
    """Return whether the process with this id and start is missing from this process's place.

    False if that cannot be told: /proc may hide the processes of other users (proc(5), hidepid).
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    fields = _stat(pid, _PROC)
    if not fields:
        return False
    return fields[0] in _ENDED or (started_at is not None and fields[19] != started_at)


def _stat(pid: int, proc: Path) -> list[str]:
    """Return the fields of /proc/PID/stat from the third one on; the second one is a name that may have spaces."""
    try:
        return (proc / f"{pid}/stat").read_bytes().decode(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
