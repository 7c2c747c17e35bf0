"""What machines know of each other's sites: robots.txt files and failures, of real requests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from sqlalchemy import update

from ingestd.errors import Disallowed, Held, Refused
from ingestd.pipeline.engine.row_turns import RowTurns, open_row_turns
from ingestd.pipeline.retry import Retries
from ingestd.pipeline.runtime import make_robots_store
from ingestd.store.database import Database
from ingestd.store.schema.tables import manners
from ingestd.store.work import runs
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.breakers import SITE_FAILURES
from ingestd.web.politeness.pacing import Pacing
from tests.conftest import LendDatabase
from tests.support.newsroom import Newsroom


@pytest.fixture
async def database(lend_database: LendDatabase, tmp_path: Path) -> AsyncIterator[Database]:
    with lend_database("postgresql", tmp_path) as url:
        async with Database(url) as database:
            yield database


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def open_machine(database: Database, stack: AsyncExitStack) -> tuple[Fetcher, RowTurns, Pacing]:
    async with database.write() as connection:
        run_id = await runs.start(connection, role="daemon", now=datetime.now(UTC))
    turns = await stack.enter_async_context(open_row_turns(database, run_id))
    pacing = Pacing(delay=0, shared=turns)
    fetcher = await stack.enter_async_context(
        Fetcher(
            user_agent="ingestd/test (+tests@example.org)",
            allow_networks=[IPv4Network("127.0.0.0/8")],
            pacing=pacing,
            robots_store=make_robots_store(database, None, Retries()),
        )
    )
    return fetcher, turns, pacing


async def test_a_robots_file_is_read_once_for_all_machines(
    database: Database, stack: AsyncExitStack, newsroom: Newsroom
) -> None:
    newsroom.publish(
        "/robots.txt", body=b"User-agent: *\nDisallow: /secret\nCrawl-delay: 0.1\n", content_type="text/plain"
    )
    page = newsroom.publish("/page", body=b"<p>News", content_type="text/html")
    for _ in range(2):
        fetcher, turns, pacing = await open_machine(database, stack)
        await fetcher.get(page, obey_robots=True)
        with pytest.raises(Disallowed):
            await fetcher.get(newsroom.url("/secret"), obey_robots=True)
        assert pacing.delay_of("127.0.0.1") == 0.1
        await turns.store()

    assert [request.path for request in newsroom.requests] == ["/robots.txt", "/page", "/page"]


async def test_a_crawl_delay_applies_from_the_request_for_robots_txt_on_and_once(
    database: Database, stack: AsyncExitStack, newsroom: Newsroom
) -> None:
    rules = b"User-agent: *\nCrawl-delay: 40\n"
    newsroom.publish("/robots.txt", body=rules, content_type="text/plain")
    page = newsroom.publish("/page", body=b"<p>News", content_type="text/html")
    first, turns, _ = await open_machine(database, stack)
    with pytest.raises(Held) as held:
        await first.get(page, obey_robots=True)
    assert 35 < held.value.seconds <= 40
    await turns.give_all_back()
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    async with database.write() as connection:
        await connection.execute(update(manners).values(held_until=long_ago, next_at=long_ago))

    second, _, pacing = await open_machine(database, stack)
    await second.get(page, obey_robots=True)  # it has the file from the first one, which was a while ago

    assert pacing.delay_of("127.0.0.1") == 40


async def test_machines_count_the_failures_of_a_site_together(
    database: Database, stack: AsyncExitStack, newsroom: Newsroom
) -> None:
    url = newsroom.publish("/feed.xml", status=500)
    machines = [await open_machine(database, stack) for _ in range(2)]
    for number in range(SITE_FAILURES):
        fetcher, turns, _ = machines[number % 2]
        with pytest.raises(Refused):
            await fetcher.get(url)
        await turns.store()

    for fetcher, *_ in machines:
        with pytest.raises(Held):
            await fetcher.get(url)

    assert len(newsroom.requests) == SITE_FAILURES


async def test_an_answer_is_known_to_all_machines(
    database: Database, stack: AsyncExitStack, newsroom: Newsroom
) -> None:
    url = newsroom.publish("/feed.xml", status=500)
    machines = [await open_machine(database, stack) for _ in range(2)]

    async def fail(number: int, times: int) -> None:
        fetcher, turns, _ = machines[number]
        for _ in range(times):
            with pytest.raises(Refused):
                await fetcher.get(url)
        await turns.store()

    await fail(0, SITE_FAILURES - 1)
    newsroom.publish("/feed.xml", body=b"<rss/>")
    fetcher, turns, _ = machines[1]
    await fetcher.get(url)
    await turns.store()
    newsroom.publish("/feed.xml", status=500)

    await fail(0, SITE_FAILURES - 1)

    assert machines[0][0].held_for("127.0.0.1") == 0
