import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ingestd.settings import load
from ingestd.store.database import Database
from ingestd.store.schema.tables import sources
from tests.cli.running import ingestd

AN_HOUR = timedelta(hours=1)


def change(config: Path, source_id: int, **values: object) -> None:
    async def work() -> None:
        async with Database(load(config).async_database_url) as database, database.write() as connection:
            await connection.execute(update(sources).where(sources.c.id == source_id).values(values))

    asyncio.run(work())


@pytest.fixture
def listed(config: Path) -> Path:
    now = datetime.now(UTC)
    for name in ("failing", "quiet", "paused", "late", "claimed", "fine"):
        assert ingestd(config, "sources", "add", "--unchecked", f"https://{name}.example/").status == 0
    change(config, 1, condition="failing", failures=2, due_at=now + AN_HOUR)
    change(config, 2, quiet_since=now, due_at=now + AN_HOUR)
    change(config, 3, state="paused", due_at=now - AN_HOUR)
    change(config, 4, due_at=now - AN_HOUR)
    change(config, 5, due_at=now - AN_HOUR, run_id="r")
    return config


@pytest.mark.parametrize(
    ("only", "numbers"),
    [("failing", [1]), ("quiet", [2]), ("paused", [3]), ("overdue", [4, 5]), ("gone", []), ("ok", [4, 5, 6])],
)
def test_sources_are_listed_by_what_is_wrong_with_them(listed: Path, only: str, numbers: list[int]) -> None:
    found = ingestd(listed, "sources", "list", "--only", only, "--json")

    assert [row["id"] for row in found.json] == numbers


def test_an_unknown_condition_is_refused_with_the_known_ones(config: Path) -> None:
    done = ingestd(config, "sources", "list", "--only", "broken")

    assert done.status == 2
    assert done.error == (
        "--only: 'broken' should be one of ok, throttled, failing, gone, paused, quiet, overdue, warned\n"
    )
