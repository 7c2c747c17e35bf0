"""Two processes add one name at the same time: one of them has added it, and the other is told."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NameTaken
from ingestd.settings.values import with_async_driver
from ingestd.store import tokens
from ingestd.store.consumers import consumers
from ingestd.store.database import Database
from ingestd.store.polls import sources
from tests.support.statements import reached

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
FEED = "https://paper.example/feed"


async def add_consumer(connection: AsyncConnection) -> bool:
    return bool(await consumers.add(connection, name="desk", kind="pull", now=NOON))


async def add_token(connection: AsyncConnection) -> bool:
    return bool(await tokens.add(connection, "desk", role="read", now=NOON))


async def add_source(connection: AsyncConnection) -> bool:
    return (await sources.add(connection, FEED, now=NOON))[1]


@pytest.mark.parametrize(
    ("table", "add"),
    [("consumers", add_consumer), ("tokens", add_token), ("sources", add_source)],
    ids=["consumers", "tokens", "sources"],
)
async def test_a_name_that_is_added_twice_at_once_is_added_once(
    database_url: str, table: str, add: Callable[[AsyncConnection], Awaitable[bool]]
) -> None:
    async with Database(with_async_driver(database_url)) as database:

        async def add_too() -> bool:
            try:
                async with database.write() as connection:
                    return await add(connection)
            except NameTaken as error:
                assert "desk already" in str(error)  # noqa: PT017 - sources have no such error
                return False

        async with asyncio.timeout(60):
            async with database.write() as connection:
                assert await add(connection)
                with reached(database, f"INSERT INTO {table}") as inserting:
                    other = asyncio.create_task(add_too())
                    if database.dialect == "postgresql":  # it does not see the name, and waits for this transaction
                        await inserting.wait()
            assert not await other


async def test_a_source_that_a_backfill_adds_at_the_same_time_is_polled(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:

        async def add_too() -> bool:
            async with database.write() as connection:
                return await add_source(connection)

        async with asyncio.timeout(60):
            async with database.write() as connection:
                listed = await sources.add_list(connection, FEED, now=NOON)
                with reached(database, "INSERT INTO sources") as inserting:
                    other = asyncio.create_task(add_too())
                    if database.dialect == "postgresql":
                        await inserting.wait()
            assert await other
        async with database.read() as connection:
            row = await sources.find(connection, FEED)

    assert (row.id, row.kind, row.state) == (listed, "feed", "active")
