"""The archive as a directory: one zstd file for each body.

    ROOT/ab/cd/abcd...01.zst    a body, under the sha256 of what it says
    ROOT/tmp/                   files that are being written

Two levels of 256 directories keep a directory at a hundred files when there are millions.
"""

import asyncio
import os
import re
import shutil
from contextlib import suppress
from datetime import datetime
from hashlib import sha256 as hash_of
from pathlib import Path
from time import monotonic
from uuid import uuid4

import zstandard

from ingestd.archive import Kept
from ingestd.errors import ArchiveError
from ingestd.units import show_size

# Pages come down to 19% in 0.4 ms; level 6 brings them to 18% and takes three times as long.
_LEVEL = 3
# Bytes: the longest header a zstd frame can have (RFC 8878, 3.1.1.1); it gives the size of the content.
_HEADER = 18
# Seconds: no write takes so long, so an older file has no writer any more.
_UNFINISHED = 3600.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Directory:
    """Raw bytes in files under one root, which is made when it is first needed.

    A file appears whole under its name, or not at all, and is never written again.  There is no fsync: it
    takes 4 ms where the rest of a put takes 0.5, and what it would save is little.  The page cache survives
    kill -9; after a loss of power `get` finds a file that is damaged, and `put` writes one anew whose
    first bytes are missing, which is what such a loss leaves behind.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.refuses_since: float | None = None

    async def put(self, body: bytes) -> Kept:
        """Keep a body; the same body again changes nothing.

        Raises ArchiveError when it cannot be written, as when the disk is full.
        """
        try:
            kept = await asyncio.to_thread(self._put, body)
        except ArchiveError:
            self.refuses_since = self.refuses_since or monotonic()
            raise
        self.refuses_since = None
        return kept

    async def get(self, sha256: str) -> bytes:
        """Return a body exactly as it was put; `sha256` is in lower-case hexadecimal.

        Raises ArchiveError when it is missing or damaged; the message says which.
        """
        return await asyncio.to_thread(self._get, sha256)

    async def sweep(self, now: datetime) -> int:
        """Remove files that were begun over an hour before `now` and not finished; return how many.

        Raises ArchiveError when the directory cannot be read or written.
        """
        return await asyncio.to_thread(self._sweep, now.timestamp() - _UNFINISHED)

    def _put(self, body: bytes) -> Kept:
        digest = hash_of(body).hexdigest()
        path = self._path(digest)
        try:
            stored_size = _stored_size(path, len(body)) or self._write(path, body)
        except OSError as error:
            raise self._failure(f"cannot keep {path}", error) from error
        return Kept(sha256=digest, size=len(body), stored_size=stored_size)

    def _write(self, path: Path, body: bytes) -> int:
        # A compressor of its own for each call, as they are not thread-safe; it costs 10 microseconds.
        data = zstandard.ZstdCompressor(level=_LEVEL).compress(body)
        unfinished = self._root / "tmp" / uuid4().hex
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(data)
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        return len(data)

    def _get(self, sha256: str) -> bytes:
        path = self._path(sha256)
        try:
            # Not `decompress`, which believes the size that a damaged header claims and allocates it.
            body = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
        except FileNotFoundError as error:
            raise ArchiveError(f"missing: {path}") from error
        except zstandard.ZstdError as error:
            raise ArchiveError(f"damaged: {path}: {error}") from error
        except OSError as error:
            raise self._failure(f"cannot read {path}", error) from error
        if hash_of(body).hexdigest() != sha256:
            raise ArchiveError(f"damaged: {path}: the content is not what was put there")
        return body

    def _sweep(self, before: float) -> int:
        removed = 0
        try:
            for path in self._root.glob("tmp/*"):
                with suppress(FileNotFoundError):  # its writer has just finished it
                    if path.stat().st_mtime < before:
                        path.unlink()
                        removed += 1
        except OSError as error:
            raise self._failure(f"cannot sweep {self._root / 'tmp'}", error) from error
        return removed

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ArchiveError(f"missing: {sha256!r} is no sha256 in hexadecimal")
        return self._root / sha256[:2] / sha256[2:4] / f"{sha256}.zst"

    def _failure(self, what: str, error: OSError) -> ArchiveError:
        return ArchiveError(f"{what}: {error.strerror}; {self._free()}")

    def _free(self) -> str:
        """Say how much room there is, on the nearest directory that exists."""
        place = next((path for path in (self._root, *self._root.parents) if path.is_dir()), Path("/"))
        try:
            return f"{show_size(shutil.disk_usage(place).free)} free in {place}"
        except OSError:
            return "free space unknown"


def _stored_size(path: Path, size: int) -> int:
    """Return the size of the file that keeps a body of `size` bytes already; 0 when none does."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
            stored = os.fstat(file.fileno()).st_size
        return stored if zstandard.frame_content_size(header) == size else 0
    except (FileNotFoundError, zstandard.ZstdError):
        return 0
