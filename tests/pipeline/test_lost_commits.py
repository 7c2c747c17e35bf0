"""A COMMIT whose answer is lost may have happened or not: its retry neither loses nor doubles anything."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ingestd.daemon.service import Service
from ingestd.pipeline.inbox import Inbox
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables as t
from tests.support.agency import add_inbox
from tests.support.commit_proxy import CommitProxy, Outcome
from tests.support.desk import OTHER, STORY, add, feed, open_desk, page, poll_all
from tests.support.dropping import item
from tests.support.newsroom import Newsroom

pytestmark = [
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
    pytest.mark.parametrize("outcome", ["committed", "lost"]),
]


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[CommitProxy]:
    async with CommitProxy.open(database_url) as proxy:
        yield proxy


@pytest.fixture
async def runtime(proxy: CommitProxy, tmp_path: Path) -> AsyncIterator[Runtime]:
    async with open_desk(proxy.url, tmp_path) as runtime:
        yield runtime


def publish(newsroom: Newsroom) -> str:
    """Publish a feed of two stories; return its address."""
    stories = [
        newsroom.publish(f"/{number}", body=page(f"Story {number}", text), content_type="text/html")
        for number, text in enumerate((STORY, OTHER))
    ]
    return newsroom.publish("/feed.xml", body=feed(*stories))


async def counts(runtime: Runtime) -> dict[str, int]:
    async with runtime.database.read() as connection:

        async def count(query: Any) -> int:
            return int((await connection.execute(query)).scalar_one())

        return {
            table.name: await count(select(func.count()).select_from(table))
            for table in (t.polls, t.entries, t.records, t.revisions, t.carriers, t.events, t.decisions, t.failures)
        } | {
            "last event": await count(select(func.coalesce(func.max(t.events.c.seq), 0))),
            "done": await count(select(func.count()).where(t.entries.c.state == "done")),
            "claims": await count(select(func.count()).where(t.entries.c.run_id.is_not(None)))
            + await count(select(func.count()).where(t.sources.c.run_id.is_not(None))),
        }


#: Of two stories, each polled and saved once.
TWO_STORIES = {
    "polls": 1, "entries": 2, "records": 2, "revisions": 2, "carriers": 2, "events": 2, "decisions": 2, "failures": 0,
    "last event": 2, "done": 2, "claims": 0,
}  # fmt: skip


@pytest.mark.parametrize("statement", ["INSERT INTO polls", "INSERT INTO records"], ids=["poll", "record"])
async def test_of_a_poll_or_a_record(
    newsroom: Newsroom, runtime: Runtime, proxy: CommitProxy, statement: str, outcome: Outcome
) -> None:
    await add(runtime, publish(newsroom))
    proxy.cut(statement, outcome)

    async with asyncio.timeout(60):
        await poll_all(runtime)

    assert proxy.cuts == 1
    assert await counts(runtime) == TWO_STORIES
    assert len([request for request in newsroom.requests if request.path != "/robots.txt"]) == 3


async def test_of_a_push(runtime: Runtime, proxy: CommitProxy, outcome: Outcome) -> None:
    source = await add_inbox(runtime)
    inbox = Inbox(run_id=runtime.run_id, claims=runtime.claims, database=runtime.database, poller=runtime.ingest.poller)
    proxy.cut("INSERT INTO polls", outcome)

    async with asyncio.timeout(60):
        poll = await inbox.receive(source, item("urn:a"), content_type=None)

    assert proxy.cuts == 1
    assert (poll.outcome, len(poll.new)) == ("pushed", 1)
    found = await counts(runtime)
    assert (found["polls"], found["entries"], found["failures"], found["claims"]) == (1, 1, 0, 0)
    await Service(runtime, max_polls=1, max_pages=1, per_site=1).run_until_idle()
    found = await counts(runtime)
    assert (found["done"], found["records"], found["events"], found["last event"]) == (1, 1, 1, 1)


async def test_of_a_claim(newsroom: Newsroom, runtime: Runtime, proxy: CommitProxy, outcome: Outcome) -> None:
    await add(runtime, publish(newsroom))
    proxy.cut("UPDATE sources SET run_id", outcome)

    async with asyncio.timeout(60):
        await poll_all(runtime)
        assert proxy.cuts == 1
        await runtime.send_heartbeat()
        await poll_all(runtime)

    assert await counts(runtime) == TWO_STORIES
