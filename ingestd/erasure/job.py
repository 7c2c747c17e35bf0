"""Purge records: erase their documents from the archive, then their content from the database."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ingestd.archive.protocol import Archive
from ingestd.erasure.documents import find_documents
from ingestd.pipeline import subjects
from ingestd.store.database import Database
from ingestd.store.operations.search_upkeep import SearchUpkeep
from ingestd.store.records import free_space, purge

#: Records in one transaction, which holds the lock of all writers of records.
_BATCH = 20

#: Purged records that are looked up at once.
_PURGED_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What was purged or, in a dry run, would be."""

    records: int = 0
    revisions: int = 0
    entries: int = 0
    documents: int = 0
    #: Documents that other entries were in, too; their records cannot be extracted again.
    shared: int = 0
    #: Whether a transaction of somebody else may have kept deleted rows in the files of the database.
    kept_in_files: bool = False


async def purge_records(
    database: Database,
    archive: Archive,
    *,
    actor: str,
    reason: str | None,
    record_ids: Collection[int] = (),
    source_id: int | None = None,
    site: str | None = None,
    dry_run: bool = False,
    rewrite: bool = False,
    on_progress: Callable[[Purged], None] = lambda _: None,
) -> Purged:
    """Purge records by id, or all that a source or a site carries; returns what was erased.

    Each batch erases its documents first: a purge that is killed between the two still knows their names when it is
    repeated.  Records that were purged before are passed over.  What is left of deleted rows and documents is
    overwritten at the end, even if no record was found: the call may repeat one that was killed before that.

    `rewrite` is that of `free_space.erase_free_space`.

    Raises StoreError, StoreUnavailable, ArchiveError.
    """
    done, after = Purged(), 0
    while True:
        async with database.read() as connection:
            ids = await purge.select_ids(
                connection, after=after, limit=_BATCH, record_ids=record_ids, source_id=source_id, site=site
            )
            found = await purge.find(connection, ids)
        if not ids:
            break
        documents = await find_documents(database, archive, found)
        async with database.read() as connection:
            shared = len(await purge.shared_documents(connection, found, documents))
        if not dry_run:
            await archive.erase(documents, found.urls)
            async with database.write() as connection:
                await purge.purge(
                    connection, found, documents, shared=shared, now=datetime.now(UTC), actor=actor, reason=reason
                )
        done = Purged(
            records=done.records + len(ids),
            revisions=done.revisions + found.revisions,
            entries=done.entries + len(found.entry_ids),
            documents=done.documents + len(documents),
            shared=done.shared + shared,
        )
        on_progress(done)
        after = ids[-1]
    if not dry_run:
        await archive.erase_remains()
        await SearchUpkeep(database).erase()
        done = replace(done, kept_in_files=not await free_space.erase_free_space(database, rewrite=rewrite))
    return done


async def erase_returned(database: Database, archive: Archive) -> int:
    """Erase the pages and wire documents with which purged records came again; return how many.

    A source may send an item again, and a page may have been fetched while its record was purged: nothing of it becomes
    a record, but its document is archived first.  Raises StoreError, StoreUnavailable, ArchiveError.
    """
    erased = 0
    async with database.read() as connection:
        purged = await purge.purged_ids(connection)
    for start in range(0, len(purged), _PURGED_BATCH):
        async with database.read() as connection:
            found = await purge.find(connection, purged[start : start + _PURGED_BATCH])
        items = [subjects.of_item(source_id, guid) for source_id, guid in found.items]
        if documents := await archive.find(items):
            erased += await archive.erase(documents)
            async with database.write() as connection:
                await purge.forget_documents(connection, documents)
    return erased
