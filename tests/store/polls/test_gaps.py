"""Gaps and the coverage computed from them, with many of each."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import insert, text, update

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import gaps, source_list
from ingestd.store.schema import tables
from tests.support.outcomes import NOON, claimed
from tests.support.statements import executed

HOUR = timedelta(hours=1)
SOURCES = 40


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def fill(database: Database) -> None:
    """Add sources with 0 to 3 gaps and 0 to 2 quarantined entries each."""
    c = tables.entries.c
    for number in range(1, SOURCES + 1):
        works = await claimed(database, f"https://{number}.example/feed", number % 3 + 1)
        async with database.write() as connection:
            given_up = [work.id for work in works[1:]]
            await connection.execute(update(tables.entries).where(c.id.in_(given_up)).values(state="quarantined"))
            rows = [
                {"source_id": works[0].source_id, "from_at": NOON - (n + 1) * HOUR, "to_at": NOON - n * HOUR,
                 "state": ("open", "repaired")[n % 2], "due_at": NOON}
                for n in range(number % 4)
            ]  # fmt: skip
            await gaps.open_gaps(connection, rows)
    async with database.write() as connection:
        watched = {"watched_since": NOON - 5 * HOUR, "last_success_at": NOON}
        await connection.execute(update(tables.sources).values(watched))


@pytest.mark.parametrize("since", [None, NOON - 2 * HOUR], ids=["all-time", "two-hours"])
async def test_coverage_of_all_sources_takes_three_statements(database: Database, since: object) -> None:
    await fill(database)

    async with database.read() as connection:
        with executed(connection) as statements:
            found = await gaps.coverage(connection, None, since=since, until=None)  # type: ignore[arg-type]
        one_by_one = [
            (await gaps.coverage(connection, row.id, since=since, until=None))[0]  # type: ignore[arg-type]
            for row in await source_list.list_all(connection)
        ]

    assert len(statements) == 3
    assert found == one_by_one
    assert {len(row["gaps"]) for row in found} == ({0, 1, 2, 3} if since is None else {0, 1, 2})
    assert {row["quarantined"] for row in found} == {0, 1, 2}


async def test_due_gaps_are_found_among_many_closed_ones_by_an_index(database: Database) -> None:
    [work] = await claimed(database, "https://paper.example/feed", 1)
    row = {"source_id": work.source_id, "from_at": NOON - HOUR, "to_at": NOON, "due_at": NOON}
    async with database.write() as connection:
        await connection.execute(insert(tables.gaps), [{**row, "state": "repaired"}] * 20_000)
        await gaps.open_gaps(connection, [{**row, "state": "open"}])
        await connection.execute(text("ANALYZE"))

    async with database.write() as connection:
        with executed(connection) as statements:
            [gap] = await gaps.claim_due(connection, now=NOON, retry_at=NOON + HOUR, limit=10)
        explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
        statement, parameters = statements[0]
        plan = str((await connection.exec_driver_sql(f"{explain} {statement}", parameters)).all())

    assert gap.source_id == work.source_id
    assert "gaps_due" in plan, plan
