"""Files of versions before the packs, one zstd file for each body: ROOT/ab/cd/abcd...01.zst.

They are read and deleted, and none is written any more.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from hashlib import sha256 as hash_of
from pathlib import Path

import zstandard

from ingestd.errors import ArchiveError

_DAY = 86_400.0


def path_of(root: Path, sha256: str) -> Path:
    """Return the path of a body."""
    return root / sha256[:2] / sha256[2:4] / f"{sha256}.zst"


def read(path: Path, sha256: str) -> bytes:
    """Return a body; raises ArchiveError when it is missing or damaged."""
    try:
        body = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
    except FileNotFoundError as error:
        raise ArchiveError(f"missing: {path}") from error
    except zstandard.ZstdError as error:
        raise ArchiveError(f"damaged: {path}: {error}") from error
    if hash_of(body).hexdigest() != sha256:
        raise ArchiveError(f"damaged: {path}: the content does not match its sha256")
    return body


def stored_size(path: Path, sha256: str) -> int:
    """Return the bytes of the file of a body; 0 when there is none, or it is damaged."""
    try:
        read(path, sha256)
        return path.stat().st_size
    except (ArchiveError, OSError):
        return 0


def last_put(path: Path) -> date | None:
    """Return the day on which a body was put (UTC); None: there is none."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except FileNotFoundError:
        return None


def overwrite(path: Path) -> int:
    """Overwrite a file with zeros, flushed to the disk; return its bytes."""
    with path.open("r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        file.write(bytes(size))
        os.fsync(file.fileno())
    return size


def files(root: Path) -> Iterator[Path]:
    """Yield the files, in no order."""
    return root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*.zst")


def usage(root: Path) -> tuple[int, int]:
    """Return the number of files and their bytes on the disk."""
    count = size = 0
    for path in files(root):
        with suppress(FileNotFoundError):
            size += path.stat().st_blocks * 512
            count += 1
    return count, size


def delete_oldest(root: Path, excess: int) -> tuple[int, int]:
    """Delete the files of the oldest days until `excess` bytes are free; return their number and bytes.

    The files are listed twice, as there may be too many to sort them in memory.
    """
    by_day: Counter[int] = Counter()
    for path in files(root):
        with suppress(FileNotFoundError):
            status = path.stat()
            by_day[int(status.st_mtime // _DAY)] += status.st_blocks * 512
    last, left = None, excess
    for day in sorted(by_day):
        if left <= 0:
            break
        last, left = day, left - by_day[day]
    count = size = 0
    for path in files(root) if last is not None else ():
        with suppress(FileNotFoundError):
            status = path.stat()
            if last is not None and status.st_mtime // _DAY <= last:
                path.unlink()
                count, size = count + 1, size + status.st_blocks * 512
    return count, size
