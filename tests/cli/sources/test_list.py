import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ingestd.settings import load
from ingestd.store.database import Database
from ingestd.store.polls import source_list
from ingestd.store.schema.tables import sources
from tests.cli.running import ingestd

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
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


def test_a_list_is_read_in_pages_and_is_complete(listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_list, "_PAGE", 2)
    change(listed, 4, title="Wire", last_error="Refused: HTTP 500", condition="failing", last_polled_at=NOON)

    lines = ingestd(listed, "sources", "list").out.splitlines()

    assert [line.partition("\t")[0] for line in lines] == ["id", "1", "2", "3", "4", "5", "6"]
    four = lines[4].split("\t")
    assert (four[1], four[3], *four[5:]) == (
        "failing", "2026-11-27T12:00:00Z", "Wire", "https://late.example/", "Refused: HTTP 500",
    )  # fmt: skip
    assert ingestd(listed, "sources", "list", "--limit", "3", "--after", "1").out.splitlines() == [
        lines[0],
        *lines[2:5],
    ]


def test_an_unknown_condition_is_refused_with_the_known_ones(config: Path) -> None:
    done = ingestd(config, "sources", "list", "--only", "broken")

    assert done.status == 2
    assert done.error == (
        "--only: 'broken' should be one of ok, throttled, failing, gone, paused, quiet, overdue, warned\n"
    )
