"""Deletion of what is learned or fetched again when it is needed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.retention import batches, caches
from ingestd.store.schema.tables import manners

NOW = datetime(2026, 5, 1, tzinfo=UTC)
OLD, LATER = NOW - timedelta(days=30), NOW + timedelta(minutes=5)


@pytest.mark.parametrize("dry_run", [True, False])
async def test_manners_at_idle_sites_are_deleted(database_url: str, dry_run: bool) -> None:
    rows = {
        "idle.example": {"held_until": OLD, "failing_until": OLD, "failures": 9},
        "asked.example": {"next_at": NOW - timedelta(days=1)},
        "taken.example": {"run_id": "1"},
        "held.example": {"held_until": LATER},
        "failing.example": {"failing_until": LATER},
    }
    async with Database(with_async_driver(database_url)) as database:
        async with database.write() as connection:
            for site, values in rows.items():
                await connection.execute(insert(manners).values({"site": site, "next_at": OLD, **values}))

        deletion = caches.of_manners(NOW - timedelta(days=7), now=NOW)
        done = await batches.run(database, deletion, dry_run=dry_run)

        async with database.read() as connection:
            left = set((await connection.execute(select(manners.c.site))).scalars())
    assert done.rows == 1
    assert left == set(rows) - (set() if dry_run else {"idle.example"})
