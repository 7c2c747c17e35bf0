"""Copy an SQLite database as a file, whole and of one moment, while others use it."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from ingestd.errors import StoreError, StoreUnavailable

#: Seconds to wait for another process's transaction.
_BUSY_TIMEOUT = 30.0

#: Pages copied before others may use the target; a restore holds its write lock for the whole copy.
_ALL_PAGES = -1


async def copy_out(file: Path, copy: Path) -> None:
    """Write a database to a new file; writers of the database are not blocked.

    Raises StoreUnavailable if either file cannot be used, as when the disk is full.
    """
    await asyncio.to_thread(_copy_out, file, copy)


async def copy_in(copy: Path, file: Path) -> None:
    """Replace a database by a copy, in one transaction: whoever has it open sees the old or the new content.

    Raises StoreUnavailable.
    """
    await asyncio.to_thread(_copy_in, copy, file)


async def finish(file: Path) -> None:
    """Put a copy into one file that can be read from read-only media, and flush it to disk.

    Raises StoreUnavailable.
    """
    await asyncio.to_thread(_finish, file)


async def check(file: Path) -> None:
    """Read every page and index of a database file; raises StoreError if it is damaged, StoreUnavailable."""
    await asyncio.to_thread(_check, file)


async def stored_documents(file: Path) -> AsyncIterator[str]:
    """Yield the SHA-256 of each document that a database refers to, without changing the file.

    Raises StoreUnavailable.
    """
    after = ""
    while names := await asyncio.to_thread(_stored_documents, file, after):
        for name in names:
            yield name
        after = names[-1]


def _stored_documents(file: Path, after: str) -> list[str]:
    query = "SELECT sha256 FROM raws WHERE stored_size > 0 AND sha256 > ? ORDER BY sha256 LIMIT 1000"
    with _errors(file), closing(_open(file)) as connection:
        return [name for (name,) in connection.execute(query, (after,))]


def _copy_out(file: Path, copy: Path) -> None:
    with _errors(copy), closing(_open(file)) as connection:
        # VACUUM INTO reads one snapshot and leaves out free pages.
        connection.execute("VACUUM INTO ?", (str(copy),))


def _copy_in(copy: Path, file: Path) -> None:
    with _errors(file), closing(_open(copy)) as source, closing(sqlite3.connect(file, timeout=_BUSY_TIMEOUT)) as target:
        source.backup(target, pages=_ALL_PAGES)
        target.execute("PRAGMA journal_mode = WAL")


def _finish(file: Path) -> None:
    with _errors(file), closing(sqlite3.connect(file, timeout=_BUSY_TIMEOUT, isolation_level=None)) as connection:
        # A database in WAL mode needs a second file to be read.
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _check(file: Path) -> None:
    with _errors(file), closing(_open(file)) as connection:
        faults = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
        if faults != ["ok"]:
            raise StoreError(f"{file} is damaged: {faults[0]}")
        if row := connection.execute("PRAGMA foreign_key_check").fetchone():
            raise StoreError(f"{file} is damaged: row {row[1]} of table {row[0]} refers to a missing row of {row[2]}")


def _open(file: Path) -> sqlite3.Connection:
    # Read-only: a missing file is an error, not a new database.
    return sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=_BUSY_TIMEOUT, isolation_level=None)


@contextmanager
def _errors(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(f"cannot copy {file}: {error}") from error
