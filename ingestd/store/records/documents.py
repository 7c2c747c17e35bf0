"""Documents in the archive: which record they are of, and whether they may be shown."""

from collections.abc import Collection

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import entries, records, revisions, sources
from ingestd.store.statements import chunks
from ingestd.store.work.addresses import has_url


async def are_usable(connection: AsyncConnection, urls: Collection[str]) -> bool:
    """Return whether records are known that have these addresses, and all of them, with all revisions, are usable."""
    hidden = exists().where(revisions.c.record_id == records.c.id, revisions.c.pubstatus != "usable")
    named = or_(records.c.uri.in_(urls), records.c.id.in_(select(entries.c.record_id).where(has_url(entries, urls))))
    rows = (await connection.execute(select(records.c.pubstatus, hidden).where(named))).all()
    return bool(rows) and all(status == "usable" and not is_hidden for status, is_hidden in rows)


async def source_urls(connection: AsyncConnection, urls: Collection[str]) -> set[str]:
    """Return which of some URLs are those of sources."""
    found: set[str] = set()
    for some in chunks(sorted(urls)):
        found.update((await connection.execute(select(sources.c.url).where(sources.c.url.in_(some)))).scalars())
    return found
