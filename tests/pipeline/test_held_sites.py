"""A site on hold costs a few transactions, however many of its entries are due."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from ingestd.store.work import due
from tests.support.desk import STORY, add, feed, page
from tests.support.newsroom import Newsroom

ENTRIES = 60


@pytest.fixture
def writes(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """The write transactions so far."""
    begun: list[None] = []
    original = runtime.database.write

    def write() -> Any:
        begun.append(None)
        return original()

    monkeypatch.setattr(runtime.database, "write", write)
    return begun


async def poll_busy_site(newsroom: Newsroom, runtime: Runtime) -> Service:
    """Add a feed of entries whose pages all answer 429, and poll it."""
    links = [newsroom.publish(f"/{number}", status=429, Retry_After="7200") for number in range(ENTRIES)]
    await add(runtime, newsroom.publish("/feed.xml", body=feed(*links)))
    service = Service(runtime, max_polls=1, max_pages=4, per_site=1)
    await service.engine.run_until_idle(["polls"])
    return service


async def due_times(runtime: Runtime) -> list[datetime]:
    async with runtime.database.read() as connection:
        c = tables.entries.c
        query = select(c.due_at).where(c.state == "pending", c.run_id.is_(None))
        return list((await connection.execute(query)).scalars())


async def test_entries_of_a_held_site_are_put_off_together(
    newsroom: Newsroom, runtime: Runtime, writes: list[None]
) -> None:
    service = await poll_busy_site(newsroom, runtime)
    writes.clear()

    await service.engine.run_until_idle(["pages"])

    # Any one: all are due at the same time.
    assert len([request.path for request in newsroom.requests if request.path[1:].isdigit()]) == 1
    assert len(writes) < 10
    in_two_hours = datetime.now(UTC) + timedelta(seconds=7100)
    assert [at > in_two_hours for at in await due_times(runtime)].count(True) >= ENTRIES - 1


async def test_a_backlog_of_a_held_site_is_left_as_it_is(
    newsroom: Newsroom, runtime: Runtime, writes: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "HEAD", 15)
    service = await poll_busy_site(newsroom, runtime)
    await service.engine.run_until_idle(["pages"])
    writes.clear()

    await service.engine.run_until_idle(["pages"])

    assert len(writes) == 0
    assert Counter(at > datetime.now(UTC) for at in await due_times(runtime))[False] > ENTRIES / 2


async def test_other_sites_are_fetched_while_one_is_held(newsroom: Newsroom, runtime: Runtime) -> None:
    service = await poll_busy_site(newsroom, runtime)
    await service.engine.run_until_idle(["pages"])
    newsroom.publish("/story", body=page("Ferry", STORY), content_type="text/html")
    newsroom.publish("/other.xml", body=feed(newsroom.url("/story", host="localhost")))
    await add(runtime, newsroom.url("/other.xml", host="localhost"))

    await service.run_until_idle()

    assert runtime.fetcher.held_sites() == {"127.0.0.1"}
    async with runtime.database.read() as connection:
        assert len((await connection.execute(select(tables.records))).all()) == 1
