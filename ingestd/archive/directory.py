"""Archive in a directory: pack files with an index.

    ROOT/packs/KIND/DAY-WRITER.pack   records of bodies and answers (`packs`)
    ROOT/index.sqlite                 where each of them is (`index`)
    ROOT/ab/cd/abcd...01.zst          bodies that earlier versions stored (`loose`), still read and deleted

Small documents share a file, as a file system runs out of inodes long before it runs out of bytes.  Packs are by kind
and day, so that what has expired is deleted by removing files.  A body is stored once, under its sha256; when it is put
again a day or more later, it is written again, so that it does not expire with the day on which it was first seen.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import TypeVar

from ingestd.archive import loose, packs
from ingestd.archive.batch import Batch
from ingestd.archive.deletion import Deletion
from ingestd.archive.index import Index
from ingestd.archive.protocol import Kind, StoredAnswer, StoredBody, Usage
from ingestd.archive.records import Item, answer_of, make_item, url_key
from ingestd.archive.writer import Writer
from ingestd.errors import ArchiveError
from ingestd.model.answer import Answer
from ingestd.units import show_size

T = TypeVar("T")


class DirectoryArchive:
    """Archive in pack files under one root directory, created when first needed.

    Several processes may use it.  `put` returns once its record and its row in the index are flushed to the disk; puts
    that arrive meanwhile are flushed together.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._index = Index(root)
        self._writer = Writer(root, self._index)
        self._deletion = Deletion(root, self._index)
        self._batch = Batch(self._write)
        self.failing_since: float | None = None

    async def put(self, body: bytes, kind: Kind = "page", answer: Answer | None = None) -> StoredBody:
        """Store a body and the answer that carried it; once this returns, a loss of power does not undo it.

        Raises ArchiveError when it cannot be written, as when the disk is full.
        """
        item = await asyncio.to_thread(make_item, body, kind, answer)
        stored_size = await self._batch.put(item)
        return StoredBody(sha256=item.sha256.hex(), size=len(body), stored_size=stored_size)

    async def get(self, sha256: str) -> bytes:
        """Return a body exactly as it was put; `sha256` is in lower-case hexadecimal.

        Raises ArchiveError when it is missing or damaged; the message says which.
        """
        return await self._run("cannot read", self._get, _parse_name(sha256))

    async def answers(self, *, sha256: str | None = None, url: str | None = None) -> Sequence[StoredAnswer]:
        """Return the answers that carried a body, or those to requests for a URL, oldest first; raises ArchiveError."""
        column, value = ("sha256", _parse_name(sha256)) if sha256 is not None else ("url", url_key(url or ""))
        return await self._run("cannot read", self._answers, column, value)

    async def delete(self, names: Iterable[str]) -> int:
        """Erase bodies and their answers by sha256, for good; return how many bodies there were.

        Raises ArchiveError; a repeated call continues.
        """
        return await self._run("cannot delete from", self._deletion.delete, list(map(_parse_name, names)))

    async def delete_before(self, kind: Kind, day: date) -> int:
        """Delete the bodies of a kind that were last put before a day (UTC); return how many there were."""
        return await self._run("cannot delete from", self._deletion.delete_before, kind, day)

    async def trim(self, limit: int) -> int:
        """Delete the oldest feeds, the files of earlier versions, then the oldest pages, until `limit` bytes are used.

        Returns how many bodies were deleted.  Wire items and robots.txt files stay.
        """
        return await self._run("cannot delete from", self._deletion.trim, limit)

    async def usage(self) -> Sequence[Usage]:
        """Return what each kind takes up, the index included."""
        return await self._run("cannot read", self._deletion.usage)

    async def sweep(self, now: datetime) -> int:
        """Remove files that killed processes left, and packs of which everything was deleted; return how many.

        Raises ArchiveError when the directory cannot be read or written.
        """
        return await self._run("cannot sweep", self._deletion.sweep, now)

    async def _write(self, items: Sequence[Item]) -> list[int]:
        try:
            sizes = await self._run("cannot write", self._writer.write, items, datetime.now(UTC).date())
        except ArchiveError:
            self.failing_since = self.failing_since or monotonic()
            raise
        self.failing_since = None
        return sizes

    async def _run(self, what: str, function: Callable[..., T], *args: object) -> T:
        """Run a function in a thread; errors of the system become ArchiveError."""
        try:
            return await asyncio.to_thread(function, *args)
        except OSError as error:
            where = error.filename or self._root
            raise ArchiveError(f"{what} {where}: {error.strerror}; {self._free_space()}") from error
        except sqlite3.Error as error:
            raise ArchiveError(f"{what} {self._index.path}: {error}; {self._free_space()}") from error

    def _get(self, name: bytes) -> bytes:
        if self._root.is_dir():
            # A pack may be deleted between the two reads, because its body has just been written to a newer one.
            for _ in range(2):
                with self._index.read() as connection:
                    found = self._index.find(connection, name)
                if found and found.place.path.exists():
                    return packs.read(found.place, name)
        return loose.read(loose.path_of(self._root, name.hex()), name.hex())

    def _answers(self, column: str, value: bytes) -> list[StoredAnswer]:
        if not self._root.is_dir():
            return []
        with self._index.read() as connection:
            found = self._index.answers(connection, column, value)
        return [
            StoredAnswer(answer=answer_of(packs.read(one.place, one.name)), sha256=one.sha256.hex()) for one in found
        ]

    def _free_space(self) -> str:
        """Return the free space at the root or its nearest existing parent, as text for an error."""
        directory = next((path for path in (self._root, *self._root.parents) if path.is_dir()), Path("/"))
        try:
            return f"{show_size(shutil.disk_usage(directory).free)} free in {directory}"
        except OSError:
            return "free space unknown"


def _parse_name(sha256: str) -> bytes:
    try:
        name = bytes.fromhex(sha256)
    except ValueError:
        name = b""
    if len(name) != 32 or name.hex() != sha256:
        raise ArchiveError(f"missing: {sha256!r} is not a sha256 in lower-case hexadecimal")
    return name
