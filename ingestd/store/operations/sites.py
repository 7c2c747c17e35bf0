"""Habits of sites, learned from their articles and shared by all processes on this database."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.articles.recurrence import Habits, Tally, learn
from ingestd.store.schema.tables import sites
from ingestd.store.statements import chunks, insert_or_update
from ingestd.store.unreadable import UNREADABLE

log = structlog.get_logger(__name__)

#: Hexadecimal digits of a block hash.
_DIGITS = 12


async def habits_of(connection: AsyncConnection, site: str) -> Habits:
    """Return the habits of a site; empty ones if it is unknown, or if they cannot be read."""
    return (await _habits_of_all(connection, {site})).get(site, Habits())


_HABITS = select(sites.c.site, sites.c.habits).where(sites.c.site.in_(bindparam("names", expanding=True)))
_HABITS_TO_CHANGE = _HABITS.order_by(sites.c.site).with_for_update(key_share=True)


async def _habits_of_all(
    connection: AsyncConnection, names: Collection[str], *, query: Select[Any] = _HABITS
) -> dict[str, Habits]:
    """Return the habits of those of some sites that are known; empty ones if they cannot be read."""
    found: dict[str, Habits] = {}
    for some in chunks(sorted(names)):
        for row in await connection.execute(query, {"names": some}):
            try:
                found[row.site] = _habits(row.habits)
            except UNREADABLE as error:
                reason = f"{type(error).__name__}: {error}"
                log.warning("habits cannot be read, learned again", site=row.site, error=reason)
    return found


async def add_articles(
    connection: AsyncConnection, articles: Iterable[tuple[str, tuple[int, ...]]], *, now: datetime
) -> None:
    """Learn from new articles, given as pairs of a site and the hashes of the article's blocks.

    Rows are locked in the order of sites.  Of two transactions that both know a site first, what one learned is lost.
    """
    learned = [(site, block_hashes) for site, block_hashes in articles if site and block_hashes]
    if not learned:
        return
    known = await _habits_of_all(connection, {site for site, _ in learned}, query=_HABITS_TO_CHANGE)
    for site, block_hashes in learned:
        known[site] = learn(known.get(site, Habits()), block_hashes)
    rows = [{"site": site, "habits": _json(habits), "updated_at": now} for site, habits in sorted(known.items())]
    await insert_or_update(connection, sites, rows)


def _json(habits: Habits) -> dict[str, Any]:
    return {
        "articles": habits.articles,
        "tallies": {
            _hex(block_hash): [tally.articles, tally.first, tally.last] for block_hash, tally in habits.tallies.items()
        },
        # One string for each article is half as long as a list of numbers.
        "recent": ["".join(map(_hex, block_hashes)) for block_hashes in habits.recent],
    }


def _habits(value: Mapping[str, Any]) -> Habits:
    return Habits(
        articles=value["articles"],
        tallies={
            int(block_hash, 16): Tally(articles=articles, first=first, last=last)
            for block_hash, (articles, first, last) in value["tallies"].items()
        },
        recent=tuple(
            frozenset(int(digits[at : at + _DIGITS], 16) for at in range(0, len(digits), _DIGITS))
            for digits in value["recent"]
        ),
    )


def _hex(block_hash: int) -> str:
    return f"{block_hash:0{_DIGITS}x}"
