"""Write a backup: the database as of one moment, then the raw bytes that it refers to."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ingestd import __version__
from ingestd.archive.directory import DirectoryArchive
from ingestd.archive.protocol import Archive
from ingestd.backup import manifest
from ingestd.backup.documents import copy_answers_apart
from ingestd.backup.manifest import Manifest
from ingestd.errors import ArchiveError, BackupError
from ingestd.pipeline.database import sqlite_path, sqlite_url
from ingestd.store.database import Database
from ingestd.store.schema import migrate, version
from ingestd.store.transfer import copy_state, database_copy, sqlite_file
from ingestd.store.transfer.database_copy import TableCopy

#: Called with the number of documents copied so far.
OnDocument = Callable[[int], None]


async def back_up(
    url: str,
    archive: Archive,
    folder: Path,
    *,
    on_table: Callable[[TableCopy], None] = lambda _: None,
    on_document: OnDocument = lambda _: None,
) -> Manifest:
    """Write a backup of the database at `url` and of the archive into a new directory; both may be in use.

    The directory appears under its name when it is complete and was verified.  Until then it has the suffix
    `.partial`; a backup that was killed there is continued with the documents that it has copied.

    Raises BackupError if the directory exists or cannot be written, StoreError, StoreUnavailable.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        await asyncio.to_thread(_prepare, folder, partial)
        found = await _write(url, archive, partial, on_table, on_document)
        manifest.write(partial, found)
        partial.replace(folder)
        manifest.sync_directory(folder.parent)
    except OSError as error:
        raise BackupError(
            f"cannot write {partial}: {error.strerror}; {_free(partial)}; run the same command again to continue"
        ) from error
    return found


def _prepare(folder: Path, partial: Path) -> None:
    if folder.exists():
        raise BackupError(f"{folder} exists already; name a new directory")
    (partial / manifest.ARCHIVE).mkdir(parents=True, exist_ok=True)
    # The database of a backup that was killed is of an earlier moment; its documents stay.
    for file in partial.glob(f"{manifest.DATABASE}*"):
        file.unlink()


async def _write(
    url: str, archive: Archive, partial: Path, on_table: Callable[[TableCopy], None], on_document: OnDocument
) -> Manifest:
    file = partial / manifest.DATABASE
    created_at = datetime.now(UTC)
    if (original := sqlite_path(url)) is not None:
        await sqlite_file.copy_out(original, file)
    else:
        await migrate.upgrade(sqlite_url(file))
        async with Database(url) as source, Database(sqlite_url(file)) as target:
            await database_copy.copy(source, target, on_progress=on_table)
    async with Database(sqlite_url(file)) as copy:
        async with copy.write() as connection:
            await copy_state.mark_unfinished(connection)
        async with copy.read() as connection:
            rows = await database_copy.count_rows(connection)
    await sqlite_file.finish(file)
    documents, size, missing = await _copy_documents(file, archive, partial / manifest.ARCHIVE, on_document)
    await sqlite_file.check(file)
    return Manifest(
        format=manifest.FORMAT,
        created_at=created_at,
        ingestd=__version__,
        schema=version.HEAD,
        database_size=file.stat().st_size,
        database_sha256=manifest.digest(file),
        rows=rows,
        documents=documents,
        document_bytes=size,
        missing=tuple(missing),
    )


async def _copy_documents(
    file: Path, archive: Archive, folder: Path, on_document: OnDocument
) -> tuple[int, int, list[str]]:
    """Copy the documents that the database names, and robots.txt files and refusals.

    Returns number and bytes of the former, and the SHA-256 of what is missing.
    """
    target, count, size = DirectoryArchive(folder), 0, 0
    missing: list[str] = []
    async for name in sqlite_file.stored_documents(file):
        try:
            document = await archive.document(name)
        except ArchiveError:
            missing.append(name)
            continue
        await target.put_document(document)
        count, size = count + 1, size + len(document.body)
        on_document(count)
    missing += await copy_answers_apart(archive, target)
    return count, size, missing


def _free(path: Path) -> str:
    existing = next(one for one in (path, *path.parents) if one.exists())
    return f"{shutil.disk_usage(existing).free:,} bytes free"
