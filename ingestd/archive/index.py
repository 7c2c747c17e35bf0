"""Index of the packs: an SQLite file that says where each body and each answer is.

A row is committed after its record has been flushed to the disk, so every row has its record, whatever happens; a
record without a row is room that is lost until its pack is deleted.  The rollback journal, unlike a write-ahead log,
works on file systems of other hosts as well, and leaves a single file with all that was committed.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingestd.archive.packs import Place
from ingestd.archive.protocol import Kind

#: Name of the file in the archive's directory.
NAME = "index.sqlite"
# Seconds that a statement waits for another process.
_BUSY_TIMEOUT = 30.0

_TABLES = """
CREATE TABLE IF NOT EXISTS packs (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, day TEXT NOT NULL,
    documents INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS documents (
    sha256 BLOB PRIMARY KEY, pack INTEGER NOT NULL, position INTEGER NOT NULL, length INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_pack ON documents (pack);
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY, url BLOB NOT NULL, sha256 BLOB NOT NULL, status INTEGER NOT NULL, name BLOB NOT NULL,
    pack INTEGER NOT NULL, position INTEGER NOT NULL, length INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_url ON answers (url);
CREATE INDEX IF NOT EXISTS answers_sha256 ON answers (sha256);
CREATE INDEX IF NOT EXISTS answers_pack ON answers (pack);
"""
# Added later, so created by the first transaction that writes.
_SUBJECTS = """CREATE TABLE IF NOT EXISTS subjects (
    sha256 BLOB NOT NULL, subject BLOB NOT NULL, day TEXT NOT NULL, PRIMARY KEY (sha256, subject)
) WITHOUT ROWID"""
_SUBJECTS_INDEX = "CREATE INDEX IF NOT EXISTS subjects_subject ON subjects (subject)"


@dataclass(frozen=True, slots=True)
class Pack:
    """A row of `packs`."""

    id: int
    path: str
    kind: str
    #: As in "2026-11-27".
    day: str
    documents: int


@dataclass(frozen=True, slots=True)
class Found:
    """Where a body is, and the day and the kind of its pack."""

    place: Place
    day: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class FoundAnswer:
    """Where an answer is, the name of its record, the kind and day of its pack; `sha256` is that of its body."""

    id: int
    sha256: bytes
    name: bytes
    place: Place
    kind: Kind
    day: str


class Index:
    """The index of the archive in the directory `root`; all but the writer open the file and close it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.path = root / NAME
        #: The connection of the writer, and the file that it has open.
        self._kept: tuple[sqlite3.Connection, tuple[int, int]] | None = None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open the index, and create it if needed."""
        with closing(self._open()) as connection:
            yield connection

    def _open(self) -> sqlite3.Connection:
        self._root.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists() or not self.path.stat().st_size
        # The writer's batches are written in any thread, one at a time.
        connection = sqlite3.connect(self.path, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            if is_new:
                connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def kept(self) -> Iterator[sqlite3.Connection]:
        """Return the connection of the writer, which stays open until `release`.

        To open one takes as long as to write a document.  It is opened anew when it had an error, and when the file was
        removed or replaced.
        """
        connection, opened = self._kept or (None, None)
        if connection is None or opened != self._file():
            self.release()
            connection = self._open()
            self._kept = connection, self._file() or (0, 0)
        try:
            yield connection
        except BaseException:
            self.release()
            raise

    def _file(self) -> tuple[int, int] | None:
        """Return what identifies the file; None: there is none."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def release(self) -> None:
        """Close the connection of the writer."""
        if self._kept:
            self._kept[0].close()
            self._kept = None

    @contextmanager
    def write(self, *, keep: bool = False) -> Iterator[sqlite3.Connection]:
        """Open the index for one transaction; with `keep`, on the connection of the writer."""
        with self.kept() if keep else self.read() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SUBJECTS)
            connection.execute(_SUBJECTS_INDEX)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def find(self, connection: sqlite3.Connection, sha256: bytes) -> Found | None:
        """Return where a body is; None when it is in no pack."""
        row = connection.execute(
            "SELECT path, position, length, day, kind FROM documents JOIN packs ON packs.id = pack WHERE sha256 = ?",
            (sha256,),
        ).fetchone()
        return Found(Place(self._root / row[0], row[1], row[2]), row[3], row[4]) if row else None

    def answers(self, connection: sqlite3.Connection, column: str, value: bytes) -> list[FoundAnswer]:
        """Return the answers whose `column` has this value, oldest first."""
        query = "SELECT answers.id, sha256, name, kind, day, path, position, length"
        query += " FROM answers JOIN packs ON packs.id = pack WHERE "
        query += {"url": "url = ?", "sha256": "sha256 = ?"}[column] + " ORDER BY answers.id"
        return [
            FoundAnswer(id_, sha256, name, Place(self._root / path, at, length), kind, day)
            for id_, sha256, name, kind, day, path, at, length in connection.execute(query, (value,))
        ]

    def answers_apart(self, connection: sqlite3.Connection, after: int, limit: int) -> list[FoundAnswer]:
        """Return answers in packs of robots.txt files and refusals with numbers above `after`, in order."""
        query = "SELECT answers.id, sha256, name, kind, day, path, position, length"
        query += " FROM answers JOIN packs ON packs.id = pack WHERE answers.id > ? AND kind IN ('robots', 'refused')"
        query += " ORDER BY answers.id LIMIT ?"
        return [
            FoundAnswer(id_, sha256, name, Place(self._root / path, at, length), kind, day)
            for id_, sha256, name, kind, day, path, at, length in connection.execute(query, (after, limit))
        ]


def pack_id(connection: sqlite3.Connection, *, path: str, kind: str, day: str) -> int:
    """Return the number of a pack; insert its row if there is none."""
    connection.execute("INSERT OR IGNORE INTO packs (path, kind, day) VALUES (?, ?, ?)", (path, kind, day))
    (number,) = connection.execute("SELECT id FROM packs WHERE path = ?", (path,)).fetchone()
    return int(number)


def insert_document(connection: sqlite3.Connection, sha256: bytes, pack: int, position: int, length: int) -> None:
    """Insert a body; one that is in an older pack is from now on found in this one."""
    remove_document(connection, sha256)
    connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?)", (sha256, pack, position, length))
    connection.execute("UPDATE packs SET documents = documents + 1 WHERE id = ?", (pack,))


def remove_document(connection: sqlite3.Connection, sha256: bytes) -> None:
    """Remove a body from the index, if it is there."""
    gone = connection.execute("DELETE FROM documents WHERE sha256 = ? RETURNING pack", (sha256,)).fetchall()
    connection.executemany("UPDATE packs SET documents = documents - 1 WHERE id = ?", gone)


def used(connection: sqlite3.Connection, path: str) -> list[tuple[int, int]]:
    """Return position and length of each record of a pack that has a row, in order."""
    found: list[tuple[int, int]] = []
    for table in ("documents", "answers"):
        query = f"SELECT position, length FROM {table} WHERE pack = (SELECT id FROM packs WHERE path = ?)"  # noqa: S608 - constants
        found += connection.execute(query, (path,))
    return sorted(found)


def names(connection: sqlite3.Connection, after: bytes, limit: int) -> list[bytes]:
    """Return the names of bodies that come after one, in order, at most `limit`."""
    query = "SELECT sha256 FROM documents WHERE sha256 > ? ORDER BY sha256 LIMIT ?"
    return [name for (name,) in connection.execute(query, (after, limit))]


def has_subjects(connection: sqlite3.Connection) -> bool:
    """Return whether the table of subjects exists: an archive of earlier versions has none until it is written."""
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'subjects'").fetchone())


def subjects_of(connection: sqlite3.Connection, sha256: bytes) -> dict[bytes, str]:
    """Return the keys of a body's subjects, each with the day (UTC) on which the body was last put with it."""
    if not has_subjects(connection):
        return {}
    return dict(connection.execute("SELECT subject, day FROM subjects WHERE sha256 = ?", (sha256,)).fetchall())


def packs(connection: sqlite3.Connection, where: str = "1", values: Sequence[object] = ()) -> list[Pack]:
    """Return packs, those of the oldest days first."""
    query = f"SELECT id, path, kind, day, documents FROM packs WHERE {where} ORDER BY day, id"  # noqa: S608 - constants
    return [Pack(*row) for row in connection.execute(query, values)]
