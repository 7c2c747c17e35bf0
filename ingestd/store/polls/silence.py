"""Sources that are quieter than their own history allows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.polling.expectation import FEWEST_WEEKS, MOST_WEEKS, UNLIKELY, chance_of_silence
from ingestd.store.schema.tables import entries, sources


class Watched(NamedTuple):
    """A source, since when it is watched, and when it last brought something new."""

    id: int
    watched_since: datetime
    last_new_at: datetime


#: Nobody is called quiet for a silence shorter than this.
_AT_LEAST = timedelta(hours=2)


async def candidates(connection: AsyncConnection, *, now: datetime, after: int, limit: int) -> list[Watched]:
    """Return sources that answer and have brought nothing lately, by number from the one behind `after` on.

    A source that fails is not quiet: it says nothing at all.
    """
    query = select(sources.c.id, sources.c.watched_since, sources.c.last_new_at).where(
        sources.c.id > after,
        sources.c.state == "active",
        sources.c.condition == "ok",
        sources.c.quiet_since.is_(None),
        sources.c.last_new_at < now - _AT_LEAST,
        sources.c.watched_since < now - timedelta(weeks=FEWEST_WEEKS),
    )
    rows = await connection.execute(query.order_by(sources.c.id).limit(limit))
    return [Watched(*row) for row in rows]


async def is_quiet(connection: AsyncConnection, source: Watched, *, now: datetime) -> bool:
    """Say whether a source is quieter than its own history allows."""
    seen = select(entries.c.first_seen_at).where(
        entries.c.source_id == source.id, entries.c.first_seen_at > source.last_new_at - timedelta(weeks=MOST_WEEKS)
    )
    history = (await connection.execute(seen)).scalars().all()
    chance = chance_of_silence(history, watched_since=source.watched_since, since=source.last_new_at, now=now)
    return chance < UNLIKELY


async def note(connection: AsyncConnection, found: Sequence[Watched]) -> None:
    """Note which sources are too quiet, where they still are."""
    for source in found:
        quiet = update(sources).where(sources.c.id == source.id, sources.c.last_new_at == source.last_new_at)
        await connection.execute(quiet.values(quiet_since=source.last_new_at))
