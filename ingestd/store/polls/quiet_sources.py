"""Find and mark quiet sources: their polls succeed, but they published less than expected for the hours of the week."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.polling.quiet import MAX_WEEKS, MIN_WEEKS, QUIET_BELOW, probability_of_silence
from ingestd.store.schema.tables import entries, sources


class QuietCandidate(NamedTuple):
    """A source that may be quiet, with its first successful poll and its last news."""

    id: int
    watched_since: datetime
    last_new_at: datetime


#: A source without news for less than this is never quiet.
_MIN_SILENCE = timedelta(hours=2)


async def candidates(connection: AsyncConnection, *, now: datetime, after: int, limit: int) -> list[QuietCandidate]:
    """Return active sources without recent news, by id, from the first one after `after`.

    A source whose polls fail is failing, not quiet.
    """
    query = select(sources.c.id, sources.c.watched_since, sources.c.last_new_at).where(
        sources.c.id > after,
        sources.c.state == "active",
        sources.c.condition == "ok",
        sources.c.quiet_since.is_(None),
        sources.c.last_new_at < now - _MIN_SILENCE,
        sources.c.watched_since < now - timedelta(weeks=MIN_WEEKS),
    )
    rows = await connection.execute(query.order_by(sources.c.id).limit(limit))
    return [QuietCandidate(*row) for row in rows]


async def is_quiet(connection: AsyncConnection, source: QuietCandidate, *, now: datetime) -> bool:
    """Return whether a silence as long as this source's is unlikely, given its history."""
    first_seen = select(entries.c.first_seen_at).where(
        entries.c.source_id == source.id, entries.c.first_seen_at > source.last_new_at - timedelta(weeks=MAX_WEEKS)
    )
    history = (await connection.execute(first_seen)).scalars().all()
    chance = probability_of_silence(history, watched_since=source.watched_since, since=source.last_new_at, now=now)
    return chance < QUIET_BELOW


async def mark_quiet(connection: AsyncConnection, found: Sequence[QuietCandidate]) -> None:
    """Mark sources as quiet, except those that have had news meanwhile."""
    for source in found:
        unchanged = update(sources).where(sources.c.id == source.id, sources.c.last_new_at == source.last_new_at)
        await connection.execute(unchanged.values(quiet_since=source.last_new_at))
