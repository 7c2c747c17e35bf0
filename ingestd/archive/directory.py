"""Archive in a directory: pack files with an index.

    ROOT/packs/KIND/DAY-WRITER.pack   records of bodies and answers (`packs`)
    ROOT/index.sqlite                 where each of them is (`index`)
    ROOT/ab/cd/abcd...01.zst          bodies that earlier versions stored (`loose`), still read and deleted

Small documents share a file, as a file system runs out of inodes long before it runs out of bytes.  Packs are by kind
and day, so that what has expired is deleted by removing files.  A body is stored once, under its sha256; when it is put
again a day or more later, it is written again, so that it does not expire with the day on which it was first seen.
"""

import asyncio
import heapq
import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TypeVar

from ingestd.archive import index, loose, packs
from ingestd.archive.batch import Batch
from ingestd.archive.deletion import Deletion
from ingestd.archive.index import Index
from ingestd.archive.protocol import (
    APART,
    AnswerApart,
    Kind,
    StoredAnswer,
    StoredBody,
    StoredDocument,
    StoredPut,
    Usage,
)
from ingestd.archive.records import Put, answer_of, key_of, make_item
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

    level: int | None = packs.LEVEL

    def __init__(self, root: Path) -> None:
        self._root = root
        self._index = Index(root)
        self._writer = Writer(root, self._index)
        self._deletion = Deletion(root, self._index)
        self._batch = Batch(self._write)
        self.failing_since: float | None = None
        self.failure = "its disk is full or read-only"

    async def check(self) -> None:
        """Do nothing: the directory is created when first needed."""

    async def put(
        self,
        body: bytes,
        kind: Kind = "page",
        answer: Answer | None = None,
        subjects: Collection[str] = (),
        *,
        frame: bytes | None = None,
    ) -> StoredBody:
        """Store a body and the answer that carried it; once this returns, a loss of power does not undo it.

        `find` finds it by its `subjects`: names of what it is about.  `frame` is the body as a frame of zstd, if it is
        compressed already.

        Raises ArchiveError when it cannot be written, as when the disk is full.
        """
        return await self._batch.put(Put(body, kind, answer, subjects, frame))

    async def get(self, sha256: str) -> bytes:
        """Return a body exactly as it was put; `sha256` is in lower-case hexadecimal.

        Raises ArchiveError when it is missing or damaged; the message says which.
        """
        return await self._run("cannot read", self._get, _parse_name(sha256))

    async def answers(self, *, sha256: str | None = None, url: str | None = None) -> Sequence[StoredAnswer]:
        """Return the answers that carried a body, or those to requests for a URL, oldest first; raises ArchiveError."""
        column, value = ("sha256", _parse_name(sha256)) if sha256 is not None else ("url", key_of(url or ""))
        return await self._run("cannot read", self._answers, column, value)

    async def document(self, sha256: str) -> StoredDocument:
        """Return all that is stored of a body, but for the answers that `answers_apart` returns.

        Raises ArchiveError when it is missing or damaged.
        """
        puts = await self._run("cannot read", self._puts, _parse_name(sha256))
        return StoredDocument(body=await self.get(sha256), puts=tuple(puts))

    async def put_document(self, document: StoredDocument) -> None:
        """Store all of a document of another archive, with its days; what is stored already is passed over.

        Raises ArchiveError.
        """
        # Once on the last day, so that the body is not written again for each day.
        last = max(document.puts, key=lambda put: put.day)
        await self._batch.put(Put(document.body, last.kind, day=last.day))
        for put in document.puts:
            await self._batch.put(Put(document.body, put.kind, put.answer, put.subjects, day=put.day))

    async def names(self, *, after: str, limit: int) -> Sequence[str]:
        """Return the sha256 of each body whose name comes after `after`, in order, at most `limit`."""
        return await self._run("cannot read", self._names, after, limit)

    async def answers_apart(self, *, after: int, limit: int) -> Sequence[AnswerApart]:
        """Return answers of robots.txt files and refusals with numbers above `after`, in order, at most `limit`."""
        return await self._run("cannot read", self._answers_apart, after, limit)

    async def find(self, subjects: Collection[str], *, since: date | None = None) -> set[str]:
        """Return the sha256 of each body about one of some subjects that was last put on a day (UTC) or later."""
        found = await self._run("cannot read", self._deletion.find, list(map(key_of, subjects)), since)
        return {name.hex() for name in found}

    async def with_subjects(self, names: Iterable[str]) -> set[str]:
        """Return those of some sha256s whose body was put with any subject."""
        found = await self._run("cannot read", self._deletion.with_subjects, list(map(_parse_name, names)))
        return {name.hex() for name in found}

    async def delete(self, names: Iterable[str], *, put_before: date | None = None) -> int:
        """Delete bodies and their answers by sha256; return how many bodies there were.

        A robots.txt with the same bytes stays, and so do the answers that refused a page; with `put_before`, what was
        put on that day (UTC) or later as well.

        Raises ArchiveError; a repeated call continues.
        """
        return await self._run("cannot delete from", self._deletion.delete, list(map(_parse_name, names)), put_before)

    async def erase(self, names: Iterable[str], urls: Iterable[str] = ()) -> int:
        """Overwrite bodies with all their answers, and the answers to requests for URLs; return how many bodies.

        Earlier copies of a body, which it has when it was put on several days, are left to `erase_remains`.

        Raises ArchiveError; a repeated call continues.
        """
        delete = partial(self._deletion.delete, is_erasure=True)
        count = await self._run("cannot erase from", delete, list(map(_parse_name, names)))
        await self._run("cannot erase from", self._deletion.erase_answers, list(map(key_of, urls)))
        return count

    async def erase_remains(self) -> int:
        """Overwrite what is left of deleted and of unfinished documents; return the bytes that were.

        Reads the rows of all packs: some seconds for each million of documents.  Raises ArchiveError.
        """
        return await self._run("cannot erase from", self._deletion.erase_remains)

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

    async def _write(self, puts: Sequence[Put], is_followed: Callable[[], bool]) -> list[StoredBody]:
        try:
            stored = await self._run("cannot write", self._stored, puts, is_followed)
        except ArchiveError:
            self.failing_since = self.failing_since or monotonic()
            raise
        self.failing_since = None
        return stored

    def _stored(self, puts: Sequence[Put], is_followed: Callable[[], bool]) -> list[StoredBody]:
        items = list(map(make_item, puts))
        try:
            sizes = self._writer.write(items, datetime.now(UTC).date())
        finally:
            if not is_followed():
                self._index.release()
        return [
            StoredBody(sha256=item.sha256.hex(), size=len(item.body), stored_size=size)
            for item, size in zip(items, sizes, strict=True)
        ]

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

    def _puts(self, name: bytes) -> list[StoredPut]:
        """Return the puts of a body: one for its kind, one for each day of subjects, then one for each answer."""
        if not self._root.is_dir():
            return []
        with self._index.read() as connection:
            found = self._index.find(connection, name)
            subjects = index.subjects_of(connection, name)
            answers = self._index.answers(connection, "sha256", name)
        kind: Kind = found.kind if found else "page"
        put_at = found.day if found else f"{loose.last_put(loose.path_of(self._root, name.hex())) or date.min}"
        days = dict.fromkeys([put_at, *sorted(set(subjects.values()))])
        of_days = {day: tuple(key for key, last in subjects.items() if last == day) for day in days}
        return [
            *(StoredPut(kind=kind, day=date.fromisoformat(day), subjects=keys) for day, keys in of_days.items()),
            *(
                StoredPut(
                    kind=one.kind, day=date.fromisoformat(one.day), answer=answer_of(packs.read(one.place, one.name))
                )
                for one in answers
                if one.kind not in APART
            ),
        ]

    def _names(self, after: str, limit: int) -> list[str]:
        if not self._root.is_dir():
            return []
        with self._index.read() as connection:
            found = index.names(connection, bytes.fromhex(after), limit)
        # A file of an earlier version has the name of its body; there are too many to sort them in memory.
        in_files = heapq.nsmallest(limit, (one for path in loose.files(self._root) if (one := path.stem) > after))
        return sorted({*(name.hex() for name in found), *in_files})[:limit]

    def _answers_apart(self, after: int, limit: int) -> list[AnswerApart]:
        if not self._root.is_dir():
            return []
        with self._index.read() as connection:
            found = self._index.answers_apart(connection, after, limit)
        return [
            AnswerApart(
                number=one.id,
                kind=one.kind,
                day=date.fromisoformat(one.day),
                answer=answer_of(packs.read(one.place, one.name)),
                sha256=one.sha256.hex(),
            )
            for one in found
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
