"""Sources that are quieter than their own history allows."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.expectation import FEWEST_WEEKS, MOST_WEEKS, UNLIKELY, chance_of_silence
from ingestd.store.tables import entries, sources

#: Nobody is called quiet for a silence shorter than this.
_AT_LEAST = timedelta(hours=2)


async def note(connection: AsyncConnection, *, now: datetime) -> int:
    """Look at every source that answers and brings nothing, and note which are too quiet; returns how many are new.

    A source that fails is not quiet: it says nothing at all.
    """
    query = select(sources.c.id, sources.c.watched_since, sources.c.last_new_at).where(
        sources.c.state == "active",
        sources.c.condition == "ok",
        sources.c.quiet_since.is_(None),
        sources.c.last_new_at < now - _AT_LEAST,
        sources.c.watched_since < now - timedelta(weeks=FEWEST_WEEKS),
    )
    found = 0
    for source_id, watched_since, since in (await connection.execute(query)).all():
        seen = select(entries.c.first_seen_at).where(
            entries.c.source_id == source_id, entries.c.first_seen_at > since - timedelta(weeks=MOST_WEEKS)
        )
        history = (await connection.execute(seen)).scalars().all()
        if chance_of_silence(history, watched_since=watched_since, since=since, now=now) < UNLIKELY:
            quiet = update(sources).where(sources.c.id == source_id, sources.c.last_new_at == since)
            await connection.execute(quiet.values(quiet_since=since))
            found += 1
    return found
