"""Restore a backup: verify it, put its raw bytes into the archive, then replace the database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ingestd.archive.directory import DirectoryArchive
from ingestd.archive.protocol import Archive
from ingestd.backup import manifest
from ingestd.backup.documents import copy_answers_apart
from ingestd.backup.manifest import Manifest
from ingestd.backup.target import check_target
from ingestd.errors import ArchiveError, BackupError
from ingestd.pipeline.database import sqlite_path, sqlite_url
from ingestd.store.database import Database
from ingestd.store.operations import conversions
from ingestd.store.operations.conversions import Conversion
from ingestd.store.operations.search_upkeep import SearchUpkeep
from ingestd.store.schema import migrate, version
from ingestd.store.transfer import copy_state, database_copy, sqlite_file
from ingestd.store.transfer.database_copy import TableCopy


async def restore(
    folder: Path,
    url: str,
    archive: Archive,
    *,
    replace: bool = False,
    on_table: Callable[[TableCopy], None] = lambda _: None,
    on_document: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Restore a backup into the database at `url` and into the archive; returns what was restored.

    The database has to be empty, unless `replace` is set or it holds an unfinished restore: then everything in it is
    replaced.  Documents that the archive has already stay.  The event log begins a new epoch, so that consumers whose
    cursor is from before the restore are told to start again.

    Nothing is written before the database file of the backup was verified, nothing into the database before its
    documents were.  A restore that was killed is repeated by the same call.

    Raises BackupError if the backup is incomplete or damaged, UsageError if the database is in use or not empty,
    SchemaMismatch, ArchiveError, StoreError, StoreUnavailable.
    """
    found = await asyncio.to_thread(_verified_manifest, folder)
    await check_target(url, replace=replace)
    await _restore_documents(folder, found, archive, on_document)
    file = folder / manifest.DATABASE
    if (target := sqlite_path(url)) is not None:
        await sqlite_file.copy_in(file, target)
        await migrate.upgrade(url)
    else:
        await migrate.upgrade(url)
        async with (
            _upgraded(file, found) as source_url,
            Database(source_url) as source,
            Database(url) as database,
        ):
            if replace:
                await database_copy.clear(database)
            async with database.write() as connection:
                await copy_state.mark_unfinished(connection)
            await database_copy.copy(source, database, on_progress=on_table)
    async with Database(url) as database:
        async with database.write() as connection:
            await copy_state.begin_new_epoch(connection)
            await copy_state.mark_finished(connection)
        await Conversion(database).run(conversions.AFTER_A_COPY)
        await SearchUpkeep(database).run()
    return found


def _verified_manifest(folder: Path) -> Manifest:
    found = manifest.read(folder)
    version.refuse_newer(found.schema)
    file = folder / manifest.DATABASE
    try:
        if manifest.digest(file) != found.database_sha256:
            raise BackupError(f"{file} is damaged: its SHA-256 is not that in manifest.json; use another backup")
    except OSError as error:
        raise BackupError(f"cannot read {file}: {error.strerror}; use another backup") from error
    return found


async def _restore_documents(
    folder: Path, found: Manifest, archive: Archive, on_document: Callable[[int], None]
) -> None:
    source, count = DirectoryArchive(folder / manifest.ARCHIVE), 0
    async for name in sqlite_file.stored_documents(folder / manifest.DATABASE):
        if name in found.missing:
            continue
        try:
            document = await source.document(name)
        except ArchiveError as error:
            raise BackupError(f"the backup is damaged: {error}; use another backup") from error
        await archive.put_document(document)
        count += 1
        on_document(count)
    await copy_answers_apart(source, archive)


@asynccontextmanager
async def _upgraded(file: Path, found: Manifest) -> AsyncIterator[str]:
    """Yield the URL of a copy of a backup's database with this program's schema, in $TMPDIR.

    The backup itself is never changed, not even its journal mode, so that it can be restored from read-only media.
    """
    with TemporaryDirectory(prefix="ingestd-restore-") as folder:
        copy = Path(folder) / file.name
        await sqlite_file.copy_out(file, copy)
        if found.schema != version.HEAD:
            await migrate.upgrade(sqlite_url(copy))
        yield sqlite_url(copy)
