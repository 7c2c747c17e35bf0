"""What every engine does, on PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ingestd.pipeline.engine.engine import Engine, Reports
from ingestd.pipeline.engine.make import make_engine
from ingestd.pipeline.runtime import Runtime
from ingestd.store.records.outcomes import Saved
from ingestd.store.schema import tables
from tests.conftest import LendDatabase
from tests.support.desk import add, feed, open_desk, page
from tests.support.newsroom import Newsroom


@pytest.fixture
async def runtime(lend_database: LendDatabase, tmp_path: Path) -> AsyncIterator[Runtime]:
    with lend_database("postgresql", tmp_path) as url:
        async with open_desk(url, tmp_path) as runtime:
            yield runtime


@pytest.fixture
def done() -> list[Any]:
    """What the engine has reported."""
    return []


@pytest.fixture(params=["local", "procrastinate"])
def engine(request: pytest.FixtureRequest, runtime: Runtime, done: list[Any]) -> Engine:
    note: Callable[[Any], None] = done.append
    reports = Reports(on_poll=note, on_page=note, on_revisit=note, on_claim=lambda _: None)
    settings = runtime.settings.model_copy(update={"engine": request.param})
    return make_engine(replace(runtime, settings=settings), reports, max_polls=4, max_pages=4, per_site=1)


async def test_polls_and_pages_until_nothing_is_due(
    newsroom: Newsroom, runtime: Runtime, engine: Engine, done: list[Any]
) -> None:
    links = [
        newsroom.publish(
            f"/{number}",
            body=page(f"Ferry {number}", f"Ferry {number} sails on the hour. " * 20),
            content_type="text/html",
        )
        for number in range(5)
    ]
    await add(runtime, newsroom.publish("/feed.xml", body=feed(*links)))

    await engine.run_until_idle()

    async with runtime.database.read() as connection:
        count = (await connection.execute(select(func.count()).select_from(tables.records))).scalar_one()
    assert count == 5
    assert sum(isinstance(one, Saved) for one in done) == 5
    assert engine.at_work().total == 0
