"""Sources that moved: a permanent redirect believed, the old address kept as an alias."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.source import Source
from ingestd.store.schema.tables import aliases, sources
from ingestd.store.statements import insert_absent
from ingestd.urls import normalise, site


async def adopt(connection: AsyncConnection, source: Source, url: str, *, run_id: str, now: datetime) -> bool:
    """Give a claimed source its new address; where another source has it, both stay and this one says so.

    Returns whether the address is now this source's.
    """
    mine = (sources.c.id == source.id) & (sources.c.run_id == run_id)
    query = select(sources.c.id, sources.c.state).where(
        sources.c.url.in_({url, normalise(url)}), sources.c.id != source.id
    )
    if other := (await connection.execute(query)).first():
        # One that was removed keeps its address for when it is added again; nobody has to be told of it.
        same_as = other.id if other.state != "removed" else None
        await connection.execute(update(sources).where(mine).values(same_as=same_as))
        return False
    values = {"url": url, "site": site(url), "same_as": None}
    result = await connection.execute(update(sources).where(mine).values(values))
    if result.rowcount:
        row = {"url": source.url, "source_id": source.id, "until": now}
        await insert_absent(connection, aliases, [row])
    return bool(result.rowcount)
