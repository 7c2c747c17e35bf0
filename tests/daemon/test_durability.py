"""A daemon on a PostgreSQL server that may lose commits says so."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from ingestd.daemon.checks import LOSES_COMMITS
from ingestd.daemon.run import warn_of_database
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.operations.durability import unsafe_settings
from tests.conftest import LendDatabase


@dataclass
class OnlyDatabase:
    """What `warn_of_database` needs of a runtime."""

    database: Database


@pytest.fixture
def postgresql_url(lend_database: LendDatabase, tmp_path: Path) -> Iterator[str]:
    with lend_database("postgresql", tmp_path) as url:
        yield url


def set_for_database(url: str, name: str, value: str) -> None:
    statement = sql.SQL("ALTER DATABASE {} SET {} = {}").format(
        sql.Identifier(str(make_url(url).database)), sql.Identifier(name), sql.Literal(value)
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


async def warnings(url: str) -> list[Any]:
    async with Database(with_async_driver(url)) as database:
        with capture_logs() as logs:
            await warn_of_database(OnlyDatabase(database))  # type: ignore[arg-type]
    return [line for line in logs if line["event"] == "the database may lose commits"]


@pytest.mark.parametrize(("value", "off"), [("off", ["synchronous_commit"]), ("local", []), ("on", [])])
async def test_a_start_warns_of_synchronous_commit_off(postgresql_url: str, value: str, off: list[str]) -> None:
    set_for_database(postgresql_url, "synchronous_commit", value)

    found = await warnings(postgresql_url)

    assert [(line["off"], line["advice"], line["log_level"]) for line in found] == [
        (name, LOSES_COMMITS, "warning") for name in off
    ]


async def test_sqlite_loses_no_commits(tmp_path: Path) -> None:
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/x.db") as database, database.read() as connection:
        assert await unsafe_settings(connection) == []
