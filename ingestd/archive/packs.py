"""Pack files: records one after the other, each with a header and one zstd frame.

    ROOT/packs/KIND/2026-11-27-3f9c0a17.pack

A pack belongs to one writer (its name ends in eight random digits), one kind and one day (UTC), so that processes write
at the same time, and what has expired is deleted by removing files.  A record is never changed, only erased: its bytes
are freed in the middle of the file.  A header names the content, so a reader detects any damage.
"""

import ctypes
import fcntl
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import zstandard

from ingestd.errors import ArchiveError

# Magic, bytes of the frame, bytes of the content, SHA-256 of the content.
_HEADER = struct.Struct("!4sQQ32s")
_MAGIC = b"IPK1"
#: Pages shrink to 19% in 0.4 ms; level 6 reaches 18% and takes three times as long.
LEVEL = 3
# Bytes read or overwritten at once.
_PIECE = 2**20
# fallocate(2): FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
_PUNCH_HOLE = 0x01 | 0x02


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record is: in which file, at which byte, and its length with its header."""

    path: Path
    position: int
    length: int


def make_record(content: bytes, name: bytes, frame: bytes | None = None) -> bytes:
    """Return the record of a content whose SHA-256 is `name`; `frame` is the content, if it is compressed already."""
    if frame is None:
        # Compressors are not thread-safe, so each call makes its own; that costs 10 microseconds.
        frame = zstandard.ZstdCompressor(level=LEVEL).compress(content)
    return _HEADER.pack(_MAGIC, len(frame), len(content), name) + frame


def append(path: Path, records: Sequence[bytes]) -> list[int]:
    """Append records to a locked pack and flush them to the disk; return their positions.

    After an OSError the pack is as before.
    """
    with path.open("r+b", buffering=0) as file:
        end = start = file.seek(0, os.SEEK_END)
        positions = []
        try:
            for record in records:
                positions.append(end)
                end += len(record)
            rest = memoryview(b"".join(records))
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                file.truncate(start)
            raise
    return positions


def read(place: Place, name: bytes) -> bytes:
    """Return the content of a record whose SHA-256 is `name`; raises ArchiveError when it is missing or damaged."""
    where = f"{place.path} at byte {place.position}"
    try:
        with place.path.open("rb", buffering=0) as file:
            record = os.pread(file.fileno(), place.length, place.position)
    except FileNotFoundError as error:
        raise ArchiveError(f"missing: {place.path}") from error
    if len(record) != place.length or len(record) < _HEADER.size:
        raise ArchiveError(f"damaged: {where}: the record is cut off")
    magic, length, size, found = _HEADER.unpack_from(record)
    if (magic, length, found) != (_MAGIC, place.length - _HEADER.size, name):
        raise ArchiveError(f"damaged: {where}: the header does not match the index")
    try:
        # `ZstdDecompressor.decompress` would allocate whatever size a damaged frame claims.
        content = zstandard.ZstdDecompressor().decompressobj().decompress(record[_HEADER.size :])
    except zstandard.ZstdError as error:
        raise ArchiveError(f"damaged: {where}: {error}") from error
    if len(content) != size or sha256(content).digest() != name:
        raise ArchiveError(f"damaged: {where}: the content does not match its sha256")
    return content


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Create a pack if needed, and lock it against its deletion; yields whether it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            status = os.fstat(number)
            if not status.st_nlink:
                continue  # it was deleted before it was locked
            if not status.st_size:
                _flush_directories(path.parent)
            yield not status.st_size
            return
        finally:
            os.close(number)


def _flush_directories(directory: Path) -> None:
    """Flush the entries of a new file, and of the three directories that may be new, to the disk."""
    for one in (directory, *directory.parents[:2]):
        number = os.open(one, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def erase(places: Sequence[Place], *, overwrite: bool = False) -> None:
    """Give the blocks of records back to the file system, flushed to the disk; they then read as zeros.

    `overwrite`: the blocks are overwritten before, so that the bytes are gone from the device as well, unless it or
    its file system keeps old blocks (flash, snapshots).
    """
    for path in dict.fromkeys(place.path for place in places):
        with suppress(FileNotFoundError), path.open("r+b", buffering=0) as file:
            ranges = [(place.position, place.length) for place in places if place.path == path]
            if overwrite:
                _overwrite(file.fileno(), ranges)
            for position, length in ranges:
                if not _punch(file.fileno(), position, length):
                    _overwrite(file.fileno(), [(position, length)])
            os.fsync(file.fileno())


def erase_gaps(path: Path, used: Sequence[tuple[int, int]]) -> int:
    """Overwrite what a locked pack has outside of its records, given in order; return how many bytes were not zero."""
    with path.open("r+b", buffering=0) as file:
        number, end = file.fileno(), os.fstat(file.fileno()).st_size
        starts, ends = [0, *(position + length for position, length in used)], [*(start for start, _ in used), end]
        gaps = [(start, stop - start) for start, stop in zip(starts, ends, strict=True) if stop > start]
        left = [
            (at, len(chunk.rstrip(b"\0")))
            for position, length in gaps
            for at, chunk in _data(number, position, position + length)
            if chunk.strip(b"\0")
        ]
        _overwrite(number, left)
        for at, length in left:
            _punch(number, at, length)
        if left:
            os.fsync(number)
    return sum(length for _, length in left)


def _data(number: int, position: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield what a range of a file has, in pieces with their positions; holes are passed over."""
    while position < end:
        try:
            position = max(position, os.lseek(number, position, os.SEEK_DATA))
        except OSError:  # a hole up to the end of the file
            return
        if position < end and (chunk := os.pread(number, min(_PIECE, end - position), position)):
            yield position, chunk
            position += len(chunk)


def _overwrite(number: int, ranges: Sequence[tuple[int, int]]) -> None:
    """Write zeros to ranges of a file, and flush them to the disk."""
    for position, length in ranges:
        for start in range(position, position + length, _PIECE):
            os.pwrite(number, bytes(min(_PIECE, position + length - start)), start)
    if ranges:
        os.fsync(number)


def _punch(number: int, position: int, length: int) -> bool:
    """Free a range of a file, which then reads as zeros; returns False where the file system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    offset = ctypes.c_int64
    return bool(library.fallocate(number, _PUNCH_HOLE, offset(position), offset(length)) == 0)
