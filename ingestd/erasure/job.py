"""Purge records: delete their documents from the archive, then erase their content from the database."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from ingestd.archive.protocol import Archive
from ingestd.store.database import Database
from ingestd.store.records import purge

#: Records in one transaction, which holds the lock of all writers of records.
_BATCH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What was purged or, in a dry run, would be."""

    records: int = 0
    revisions: int = 0
    entries: int = 0
    documents: int = 0


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
    on_progress: Callable[[Purged], None] = lambda _: None,
) -> Purged:
    """Purge records by id, or all that a source or a site carries; returns what was erased.

    Each batch deletes its documents first: a purge that is killed between the two still knows their names when it is
    repeated.  Records that were purged before are passed over.

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
        if not dry_run:
            await archive.delete(found.documents)
            async with database.write() as connection:
                await purge.purge(connection, found, now=datetime.now(UTC), actor=actor, reason=reason)
        done = Purged(
            records=done.records + len(ids),
            revisions=done.revisions + found.revisions,
            entries=done.entries + len(found.entry_ids),
            documents=done.documents + len(found.documents),
        )
        on_progress(done)
        after = ids[-1]
    if done.records and not dry_run:
        await purge.erase_free_space(database)
    return done
