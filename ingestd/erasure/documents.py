"""Find every document in the archive that may hold the content of records."""

from ingestd.archive.protocol import Archive
from ingestd.pipeline import subjects
from ingestd.store.database import Database
from ingestd.store.records import purge
from ingestd.store.records.purge import Purgeable


async def find_documents(database: Database, archive: Archive, found: Purgeable) -> set[str]:
    """Return the SHA-256 of each document that may hold the content of records.

    They are those that rows name; those whose subject is one of their items, a source that listed them or, for
    sitemaps, their site, also by an earlier list of public suffixes; and what was fetched from their addresses, unless
    another record was made from it.  Documents that were archived before they had subjects count if their source had
    listed one of the items by then.

    Raises StoreError, StoreUnavailable, ArchiveError.
    """
    documents = set(found.documents)
    documents |= await archive.find([subjects.of_item(source_id, guid) for source_id, guid in found.items])
    documents |= await archive.find(subjects.of_lists_with(found.urls))
    for source_id, since in found.sources.items():
        documents |= await archive.find([subjects.of_source(source_id)], since=since.date())
    documents |= set(found.listings) - await archive.with_subjects(found.listings)
    fetched = {one.sha256 for url in found.urls for one in await archive.answers(url=url) if one.answer.status == 200}
    async with database.read() as connection:
        others = await purge.raws_of_others(connection, found, fetched - documents)
    return documents | (fetched - others)
