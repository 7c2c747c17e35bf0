"""Copy an archive to another place: from a directory into an object store, back, or from one store to another."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from hashlib import sha256 as hash_of
from pathlib import Path

from ingestd.archive.protocol import Archive, StoredDocument
from ingestd.backup.documents import copy_answers_apart
from ingestd.errors import ArchiveError

# Names that are compared at once, and documents under way at the same time.
_PAGE, _AT_ONCE = 500, 16

_TABLE = """CREATE TABLE IF NOT EXISTS copied (
    way TEXT NOT NULL, sha256 TEXT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (way, sha256)
) WITHOUT ROWID"""


@dataclass(slots=True, kw_only=True)
class MoveResult:
    """A finished copy of an archive."""

    #: Documents that both places have now, and those of them that this run has written and read again.
    documents: int = 0
    copied: int = 0
    #: Documents that an earlier run copied and the source has no more: erased at the target.
    erased: int = 0
    #: Documents at the target that the source does not have and no run copied.
    others: int = 0
    #: SHA-256 of what is missing or damaged at the source.
    missing: list[str] = field(default_factory=list)


class CopyJournal:
    """Which documents earlier runs copied, in an SQLite file: a repeated run writes only what has changed since."""

    def __init__(self, file: Path, way: str) -> None:
        self._file, self._way = file, way

    def read(self, after: str, last: str | None) -> dict[str, str]:
        """Return the marks of the documents after a name, up to `last`, by their names."""
        with closing(self._open()) as connection:
            query = "SELECT sha256, mark FROM copied WHERE way = ? AND sha256 > ? AND sha256 <= ?"
            return dict(connection.execute(query, (self._way, after, last or "g")).fetchall())

    def write(self, marks: dict[str, str], gone: Sequence[str]) -> None:
        """Insert the marks of copied documents, and delete those of erased ones."""
        with closing(self._open()) as connection, connection:
            rows = [(self._way, name, mark) for name, mark in marks.items()]
            connection.executemany("INSERT OR REPLACE INTO copied VALUES (?, ?, ?)", rows)
            names = [(self._way, name) for name in gone]
            connection.executemany("DELETE FROM copied WHERE way = ? AND sha256 = ?", names)

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._file, timeout=30.0)
        connection.execute(_TABLE)
        return connection


async def move(
    source: Archive, target: Archive, journal: CopyJournal, *, on_document: Callable[[int], None] = lambda _: None
) -> MoveResult:
    """Copy all documents with their answers, days and subjects; read each again at the target.

    The source stays as it is.  The same call continues a copy that was killed, and copies what was stored since; what
    was deleted since is erased at the target.

    Raises ArchiveError if either cannot be read or written.
    """
    result = MoveResult()
    await target.check()
    async for after, last, names in _pages(source):
        there = await _between(target, after, last)
        marks = await asyncio.to_thread(journal.read, after, last)
        slots, copied = asyncio.Semaphore(_AT_ONCE), dict[str, str]()

        async def copy_one(
            name: str, known: str | None, slots: asyncio.Semaphore = slots, copied: dict[str, str] = copied
        ) -> None:
            async with slots:
                try:
                    document = await source.document(name)
                except ArchiveError:
                    # Deleted since it was listed, or damaged.
                    result.missing.append(name)
                    return
                result.documents += 1
                if (mark := _mark(document)) != known:
                    await target.put_document(document)
                    await target.get(name)  # raises if it is missing or damaged
                    copied[name] = mark
                    result.copied += 1
                on_document(result.documents)

        await asyncio.gather(*(copy_one(name, marks.get(name) if name in there else None) for name in names))
        gone = sorted((there & marks.keys()) - set(names))
        for name in gone:
            urls = [one.answer.url for one in await target.answers(sha256=name)]
            result.erased += await target.erase([name], urls)
        result.others += len(there - set(names) - marks.keys())
        await asyncio.to_thread(journal.write, copied, gone)
    result.missing += await copy_answers_apart(source, target, is_verified=True)
    result.missing = sorted(set(result.missing))
    return result


async def _pages(source: Archive) -> AsyncIterator[tuple[str, str | None, Sequence[str]]]:
    """Yield the names of the source in parts, each with the name before it and its last one; the last part has none."""
    after = ""
    while names := await source.names(after=after, limit=_PAGE):
        yield after, names[-1], names
        after = names[-1]
    yield after, None, ()


async def _between(target: Archive, after: str, last: str | None) -> set[str]:
    """Return the names at the target after one, up to `last`; None: all after it."""
    found: set[str] = set()
    while names := await target.names(after=after, limit=_PAGE):
        found.update(name for name in names if last is None or name <= last)
        after = names[-1]
        if last is not None and after >= last:
            break
    return found


def _mark(document: StoredDocument) -> str:
    """Return what tells whether a document has changed: a body is named by its bytes, so its puts decide."""
    return hash_of("\n".join(sorted(repr(asdict(put)) for put in document.puts)).encode()).hexdigest()[:32]
