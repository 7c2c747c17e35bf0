"""Claims of due sources."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import sources
from tests.support.outcomes import NOON
from tests.support.statements import executed

LATER = NOON + timedelta(hours=1)

#: Sources, and how many of them a claim takes.
COUNT, LIMIT = 3_000, 300


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        async with database.write() as connection:
            numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {COUNT})"
            columns = "id, url, kind, state, site, due_at, failures, created_at"
            values = "i, 'https://s' || i || '.example/', 'feed', 'active', 's' || i, :now, 0, :now"
            now: Any = NOON if database.dialect == "postgresql" else "2026-01-01 00:00:00.000000"
            await connection.execute(
                text(f"INSERT INTO sources ({columns}) {numbers} SELECT {values} FROM n"), {"now": now}
            )
        yield database


async def claim_all(database: Database) -> list[int]:
    found = []
    while True:
        async with database.write() as connection:
            claimed = await sources.claim_due(connection, "run", now=LATER, limit=LIMIT)
        if not claimed:
            return found
        found += [source.id for source in claimed]


async def test_every_due_source_is_claimed_once(database: Database) -> None:
    assert sorted(await claim_all(database)) == [*range(1, COUNT + 1)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_was_claimed_is_not_read_again_before_vacuum(database: Database) -> None:
    """Claimed rows leave dead ones at the head of the index, which have to be marked: a bitmap scan never does that."""
    async with database.write() as connection:
        await connection.execute(text("ALTER TABLE sources SET (autovacuum_enabled = off)"))
    await claim_all(database)

    # Each claim that finds nothing marks what is dead for every transaction of the server, those of other databases
    # included: while one of them is open, it has to be read again.
    for _ in range(600):
        if (blocks := await count_blocks_of_claim(database)) < 60:
            break
        await asyncio.sleep(0.1)

    # Some of the index; the rows themselves fill more than a hundred blocks.
    assert blocks < 60


async def count_blocks_of_claim(database: Database) -> int:
    """Claim when nothing is left, and return how many blocks the statement read."""
    async with database.write() as connection:
        with executed(connection) as statements:
            assert await sources.claim_due(connection, "run", now=LATER, limit=LIMIT) == []
        [claim] = [one for one in statements if one[0].startswith("UPDATE")]
        [[[plan]]] = (
            await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {claim[0]}", claim[1])
        ).all()
    assert "Bitmap" not in str(plan)
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])
