"""Why a site is left alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from ingestd.policy.host_budgets import EXPIRY, RECOVERY
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema.tables import host_groups, manners
from ingestd.store.work.site_waits import of_site

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("row", "burst_at", "expected"),
    [
        ({}, NOW, None),
        ({"held_until": NOW - timedelta(1), "failing_until": NOW - timedelta(1)}, NOW, None),
        ({"held_until": LATER}, NOW, {"held_until": LATER}),
        ({"failing_until": LATER, "failures": 7}, NOW, {"failing_until": LATER, "failures": 7}),
        (
            {"network": "192.0.2.0/24"},
            NOW - timedelta(seconds=RECOVERY),
            {"network": "192.0.2.0/24", "rate": 4.0},
        ),
        ({"network": "192.0.2.0/24"}, NOW - timedelta(seconds=EXPIRY), None),
        ({"network": "198.51.100.0/24"}, NOW, None),
    ],
    ids=["nothing", "over", "held", "failing", "budget", "ended", "other"],
)
async def test_a_site_is_left_alone_for_a_reason(
    database_url: str, row: dict[str, Any], burst_at: datetime, expected: dict[str, Any] | None
) -> None:
    async with Database(with_async_driver(database_url)) as database, database.write() as connection:
        await connection.execute(insert(manners).values(site="a.example", next_at=NOW, **row))
        await connection.execute(insert(host_groups).values(network="192.0.2.0/24", budget=2.0, burst_at=burst_at))

        found = await of_site(connection, "a.example", now=NOW)
        assert await of_site(connection, "b.example", now=NOW) is None

    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert {name: getattr(found, name) for name in expected} == expected
