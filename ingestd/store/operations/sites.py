"""Habits of sites, learned from their articles and shared by all processes on this database."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.articles.recurrence import Habits, Tally, learn
from ingestd.store.schema.tables import sites
from ingestd.store.statements import insert_all

#: Hexadecimal digits of a mark.
_DIGITS = 12


async def habits_of(connection: AsyncConnection, site: str) -> Habits:
    """Return the habits of a site; empty ones if it is unknown."""
    row = (await connection.execute(select(sites.c.habits).where(sites.c.site == site))).first()
    return _habits(row.habits) if row else Habits()


async def add_articles(
    connection: AsyncConnection, articles: Iterable[tuple[str, tuple[int, ...]]], *, now: datetime
) -> None:
    """Learn from new articles, each a site and the marks of its blocks, within the records' lock."""
    known: dict[str, Habits] = {}
    for site, marks in articles:
        if site and marks:
            known[site] = learn(known.get(site) or await habits_of(connection, site), marks)
    await connection.execute(delete(sites).where(sites.c.site.in_(known)))
    rows = [{"site": site, "habits": _json(habits), "updated_at": now} for site, habits in known.items()]
    await insert_all(connection, sites, rows)


async def delete_before(connection: AsyncConnection, moment: datetime) -> None:
    """Delete sites without a new article since `moment`."""
    await connection.execute(delete(sites).where(sites.c.updated_at < moment))


def _json(habits: Habits) -> dict[str, Any]:
    return {
        "articles": habits.articles,
        "tallies": {_hex(mark): [tally.articles, tally.first, tally.last] for mark, tally in habits.tallies.items()},
        # One string for each article is half as long as a list of numbers.
        "recent": ["".join(map(_hex, marks)) for marks in habits.recent],
    }


def _habits(value: Mapping[str, Any]) -> Habits:
    return Habits(
        articles=value["articles"],
        tallies={
            int(mark, 16): Tally(articles=articles, first=first, last=last)
            for mark, (articles, first, last) in value["tallies"].items()
        },
        recent=tuple(
            frozenset(int(marks[at : at + _DIGITS], 16) for at in range(0, len(marks), _DIGITS))
            for marks in value["recent"]
        ),
    )


def _hex(mark: int) -> str:
    return f"{mark:0{_DIGITS}x}"
