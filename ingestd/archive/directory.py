"""Archive in a directory: one zstd file for each body.

    ROOT/ab/cd/abcd...01.zst    a body, under the sha256 of its content
    ROOT/tmp/                   files that are being written

With two levels of 256 directories, millions of bodies make about a hundred files in each directory.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256 as hash_of
from pathlib import Path
from time import monotonic
from uuid import uuid4

import zstandard

from ingestd.archive.protocol import StoredBody
from ingestd.errors import ArchiveError
from ingestd.units import show_size

# Pages shrink to 19% in 0.4 ms; level 6 reaches 18% and takes three times as long.
_LEVEL = 3
# Bytes: the longest header of a zstd frame (RFC 8878, 3.1.1.1); it states the size of the content.
_MAX_FRAME_HEADER = 18
# Seconds. No write takes this long, so an older temporary file was left by a process that died.
_ABANDONED_AFTER = 3600.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


class DirectoryArchive:
    """Archive that keeps raw bytes in files under one root directory, created when first needed.

    A file appears complete under its name or not at all, and is never overwritten.  `put` does not call fsync,
    which takes 4 ms where the rest of a put takes 0.5, and protects little: the page cache survives kill -9.
    After a loss of power `get` detects a damaged file, and `put` rewrites a file whose first bytes are missing,
    which is how such a loss shows.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.failing_since: float | None = None

    async def put(self, body: bytes) -> StoredBody:
        """Store a body; storing the same body again changes nothing.

        Raises ArchiveError when it cannot be written, as when the disk is full.
        """
        try:
            stored = await asyncio.to_thread(self._put, body)
        except ArchiveError:
            self.failing_since = self.failing_since or monotonic()
            raise
        self.failing_since = None
        return stored

    async def get(self, sha256: str) -> bytes:
        """Return a body exactly as it was put; `sha256` is in lower-case hexadecimal.

        Raises ArchiveError when it is missing or damaged; the message says which.
        """
        return await asyncio.to_thread(self._get, sha256)

    async def delete(self, sha256s: Sequence[str]) -> int:
        """Delete bodies; one that is missing is passed over.  Return how many there were.

        Raises ArchiveError when they cannot be deleted.
        """
        return await asyncio.to_thread(self._delete, sha256s)

    async def sweep(self, now: datetime) -> int:
        """Remove temporary files last written over an hour before `now`; return how many.

        Raises ArchiveError when the directory cannot be read or written.
        """
        return await asyncio.to_thread(self._sweep, now.timestamp() - _ABANDONED_AFTER)

    def _put(self, body: bytes) -> StoredBody:
        digest = hash_of(body).hexdigest()
        path = self._path(digest)
        try:
            stored_size = _stored_size(path, len(body)) or self._write(path, body)
        except OSError as error:
            raise self._failure(f"cannot write {path}", error) from error
        return StoredBody(sha256=digest, size=len(body), stored_size=stored_size)

    def _write(self, path: Path, body: bytes) -> int:
        # Compressors are not thread-safe, so each call makes its own; that costs 10 microseconds.
        data = zstandard.ZstdCompressor(level=_LEVEL).compress(body)
        temporary = self._root / "tmp" / uuid4().hex
        temporary.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return len(data)

    def _get(self, sha256: str) -> bytes:
        path = self._path(sha256)
        try:
            # `ZstdDecompressor.decompress` would allocate whatever size a damaged header claims.
            body = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
        except FileNotFoundError as error:
            raise ArchiveError(f"missing: {path}") from error
        except zstandard.ZstdError as error:
            raise ArchiveError(f"damaged: {path}: {error}") from error
        except OSError as error:
            raise self._failure(f"cannot read {path}", error) from error
        if hash_of(body).hexdigest() != sha256:
            raise ArchiveError(f"damaged: {path}: the content does not match its sha256")
        return body

    def _delete(self, sha256s: Sequence[str]) -> int:
        deleted = 0
        for sha256 in sha256s:
            path = self._path(sha256)
            try:
                path.unlink()
                deleted += 1
            except FileNotFoundError:
                pass
            except OSError as error:
                raise self._failure(f"cannot delete {path}", error) from error
        return deleted

    def _sweep(self, before: float) -> int:
        removed = 0
        try:
            for path in self._root.glob("tmp/*"):
                with suppress(FileNotFoundError):  # its writer has just renamed it
                    if path.stat().st_mtime < before:
                        path.unlink()
                        removed += 1
        except OSError as error:
            raise self._failure(f"cannot sweep {self._root / 'tmp'}", error) from error
        return removed

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise ArchiveError(f"missing: {sha256!r} is not a sha256 in lower-case hexadecimal")
        return self._root / sha256[:2] / sha256[2:4] / f"{sha256}.zst"

    def _failure(self, what: str, error: OSError) -> ArchiveError:
        return ArchiveError(f"{what}: {error.strerror}; {self._free_space()}")

    def _free_space(self) -> str:
        """Return the free space at the root or its nearest existing parent, as text for an error."""
        directory = next((path for path in (self._root, *self._root.parents) if path.is_dir()), Path("/"))
        try:
            return f"{show_size(shutil.disk_usage(directory).free)} free in {directory}"
        except OSError:
            return "free space unknown"


def _stored_size(path: Path, size: int) -> int:
    """Return the size of an existing file whose header states a body of `size` bytes; 0 when there is none."""
    try:
        with path.open("rb") as file:
            header = file.read(_MAX_FRAME_HEADER)
            stored = os.fstat(file.fileno()).st_size
        return stored if zstandard.frame_content_size(header) == size else 0
    except (FileNotFoundError, zstandard.ZstdError):
        return 0
