"""Sources that moved permanently: the new address replaces the old one, which is kept as an alias."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.source import Source
from ingestd.store.polls.source_addresses import address_of
from ingestd.store.schema.tables import aliases, sources
from ingestd.store.statements import insert_absent
from ingestd.urls import normalise, site


async def move_source(connection: AsyncConnection, source: Source, url: str, *, run_id: str, now: datetime) -> bool:
    """Give a claimed source its new address; returns whether the address changed.

    If another source has the address already, neither changes, and `same_as` of this one names the other.
    """
    claimed = (sources.c.id == source.id) & (sources.c.run_id == run_id)
    query = select(sources.c.id, sources.c.state).where(
        sources.c.url.in_({url, address_of(url), normalise(url)}), sources.c.id != source.id
    )
    if other := (await connection.execute(query)).first():
        # A removed source keeps its address in case it is added again, but is not shown as the same source.
        same_as = other.id if other.state != "removed" else None
        await connection.execute(update(sources).where(claimed).values(same_as=same_as))
        return False
    values = {"url": url, "site": site(url), "same_as": None}
    result = await connection.execute(update(sources).where(claimed).values(values))
    if result.rowcount:
        row = {"url": source.url, "source_id": source.id, "until": now}
        await insert_absent(connection, aliases, [row])
    return bool(result.rowcount)
