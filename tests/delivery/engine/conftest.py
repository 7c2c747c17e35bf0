"""Fixtures of deliveries: a database, a receiver, and engines on them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingestd.delivery.engine.deliveries import Deliveries
from ingestd.settings import Settings
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.work import runs
from ingestd.web.fetcher import Fetcher
from tests.delivery.engine.receiving import Receiver, find_test_kind
from tests.support.outcomes import NOON


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


class Engines:
    """Starts and stops engines, each as a run of its own on one database."""

    def __init__(self, database: Database, fetcher: Fetcher, settings: Settings) -> None:
        self._database = database
        self._fetcher = fetcher
        self._settings = settings
        self._tasks: dict[Deliveries, asyncio.Task[None]] = {}

    async def start(self) -> Deliveries:
        """Start an engine, which has claimed its consumers when this returns."""
        async with self._database.write() as connection:
            run_id = await runs.start(connection, role="daemon", now=NOON)
        engine = Deliveries(
            self._database, run_id=run_id, fetcher=self._fetcher, settings=self._settings, kinds=find_test_kind
        )
        await engine.look_at_consumers()
        self._tasks[engine] = asyncio.create_task(engine.run())
        return engine

    async def stop(self, engine: Deliveries) -> None:
        """Stop an engine, end its run, and raise what it met."""
        engine.stop()
        await self._tasks.pop(engine)
        async with self._database.write() as connection:
            await runs.end(connection, engine.run_id)

    async def close(self) -> None:
        for engine in list(self._tasks):
            await self.stop(engine)


@pytest.fixture
async def engines(database: Database, database_url: str, fetcher: Fetcher, tmp_path: Path) -> AsyncIterator[Engines]:
    engines = Engines(database, fetcher, Settings(database_url=database_url, state_dir=tmp_path))
    yield engines
    await engines.close()
