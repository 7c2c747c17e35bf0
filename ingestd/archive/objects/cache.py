"""Cache of bodies that were read from an object store, in files of this host, bounded in bytes and age."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import time

from ingestd.archive import loose

#: Seconds after which a cached body is deleted: the store may have deleted it as expired.
LONGEST = 86_400.0
# The part of the limit that is freed at once, so that the files are listed seldom.
_FREED = 1 / 8


class ReadCache:
    """Stored bodies by their sha256, those that were not read for longest deleted first; several processes may use it.

    It fails silently: what cannot be cached is read from the store again.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        #: Bytes that this process may add before it counts what there is; 0: it has not counted yet.
        self._left = 0

    def get(self, sha256: str) -> bytes | None:
        """Return a stored body; None: it is not cached."""
        path = self._path(sha256)
        try:
            stored = path.read_bytes()
            os.utime(path, (time(), path.stat().st_mtime))
        except OSError:
            return None
        return stored

    def put(self, sha256: str, stored: bytes) -> None:
        """Keep a stored body; one that is larger than an eighth of the limit is not kept."""
        if len(stored) > self._limit * _FREED:
            return
        if len(stored) > self._left:
            self._make_room()
        self._left -= len(stored)
        path = self._path(sha256)
        partial = path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial.write_bytes(stored)
            partial.replace(path)

    def _make_room(self) -> None:
        """Delete what was not read for longest, until an eighth of the limit is free."""
        files = []
        for path in self._folder.glob("??/*"):
            with suppress(OSError):
                status = path.stat()
                files.append((status.st_atime, status.st_size, path))
        used = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if used <= self._limit * (1 - _FREED):
                break
            with suppress(OSError):
                path.unlink()
            used -= size
        self._left = int(self._limit - used)

    def forget(self, names: Iterable[str]) -> int:
        """Overwrite and delete bodies by their sha256; return the bytes that were."""
        return sum(self._overwrite(self._path(name)) for name in names)

    def clean(self, *, longest: float = LONGEST) -> None:
        """Delete what was cached more than some seconds ago."""
        before = time() - longest
        for path in self._folder.glob("??/*"):
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _overwrite(self, path: Path) -> int:
        size = 0
        with suppress(OSError):
            size = loose.overwrite(path)
            path.unlink()
        return size

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256
