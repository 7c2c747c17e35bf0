import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ingestd.model.timing import Timing
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records.outcomes import RevisitFailed
from ingestd.store.schema import migrate, tables
from ingestd.store.work import revisits
from tests.backfill.backfills import atom, page
from tests.cli.conftest import write_config
from tests.cli.running import ingestd
from tests.conftest import LendDatabase
from tests.support.outcomes import NOON, claimed, claimed_again, keep, keep_texts, saved
from tests.support.papers import Papers


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def kept(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, lend_database: LendDatabase
) -> Iterator[Path]:
    """A database with two records, one of them carried by two sources; tests share it, and only read."""
    folder, papers = tmp_path_factory.mktemp("kept"), Papers()
    ferry, umbrella = papers.publish("/1", page("Ferry", 1)), papers.publish("/2", page("Umbrella", 2))
    copy = papers.publish("/copy", page("Ferry", 1))
    with closing(papers), lend_database(request.param, folder) as url:
        config = write_config(folder, url)
        for name, links in (("one", (ferry, umbrella)), ("two", (copy,))):
            ingestd(config, "sources", "add", papers.publish(f"/{name}.xml", atom(*links)), "--unchecked")
        for source in (1, 2):
            ingestd(config, "poll", source)
        yield config


@pytest.fixture
def revised(either: Path, database_url: str) -> Path:
    """A record of noon, carried elsewhere an hour later, revised after two hours and carried once more after three."""

    async def work() -> None:
        await migrate.upgrade(with_async_driver(database_url))
        async with Database(with_async_driver(database_url)) as database:
            [own] = await claimed(database, "https://one.example/feed", 1)
            await keep(database, [saved(own, "Ferry", at=NOON)])
            await keep_texts(database, "https://two.example/feed", "Ferry", at=NOON + timedelta(hours=1))
            at = NOON + timedelta(hours=2, microseconds=700_000)
            await keep(database, [saved(await claimed_again(database, own), "Ferry again", at=at)])
            await keep_texts(database, "https://three.example/feed", "Ferry again", at=NOON + timedelta(hours=3))

    asyncio.run(work())
    return either


@pytest.fixture
def lost(either: Path, database_url: str) -> Path:
    """A database with a record whose page was gone an hour later."""

    async def work() -> None:
        await migrate.upgrade(with_async_driver(database_url))
        async with Database(with_async_driver(database_url)) as database:
            await keep_texts(database, "https://one.example/feed", "Ferry")
            later = NOON + timedelta(hours=1)
            async with database.write() as connection:
                await connection.execute(update(tables.entries).values(revisit_at=later))
                [visit] = await revisits.claim_due(connection, "test", now=later, limit=1, timing=Timing())
            missed = visit.visits.missed(later, gone="410", next_at=later + timedelta(hours=1))
            await keep(database, [RevisitFailed(work=visit, at=later, visits=missed)])

    asyncio.run(work())
    return either
