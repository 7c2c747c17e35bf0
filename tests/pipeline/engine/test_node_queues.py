"""Turns for one node alone, on PostgreSQL: at sites of its own sources, and those whose logins it has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ingestd.pipeline.runtime import Runtime
from ingestd.store.nodes import control
from ingestd.store.polls import sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.web.logins import Login
from tests.conftest import LendDatabase
from tests.pipeline.engine.test_engines import Machine, count, open_machine, publish
from tests.support.desk import add
from tests.support.newsroom import Newsroom


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def url(lend_database: LendDatabase, tmp_path: Path) -> Any:
    with lend_database("postgresql", tmp_path) as url:
        yield url


async def open_node(stack: AsyncExitStack, url: str, folder: Path, name: str, **settings: Any) -> Machine:
    return await open_machine(stack, url, folder / name, node=name, engine="procrastinate", **settings)


async def give(runtime: Runtime, source_id: int, node: str) -> None:
    async with runtime.database.write() as connection:
        await sources.change(connection, source_id, node=node)


async def run_until(machines: list[Machine], condition: Any) -> None:
    running = [asyncio.create_task(machine.engine.run()) for machine in machines]
    async with asyncio.timeout(120):
        while not await condition():
            for machine in machines:
                machine.engine.nudge()
            await asyncio.sleep(0.05)
        for machine in machines:
            machine.engine.stop()
        await asyncio.gather(*running)


def polled(machine: Machine) -> list[str]:
    return [done.source.url for done in machine.done if isinstance(done, PollResult)]


async def test_only_its_node_takes_turns_for_a_source(
    newsroom: Newsroom, stack: AsyncExitStack, url: str, tmp_path: Path
) -> None:
    fra, ams = await open_node(stack, url, tmp_path, "fra1"), await open_node(stack, url, tmp_path, "ams1")
    own = {
        "fra1": publish(newsroom, 1, name="fra"),
        "ams1": publish(newsroom, 1, name="ams", host="localhost"),
    }
    for name, source in own.items():
        await give(fra.runtime, await add(fra.runtime, source), name)

    async def done() -> bool:
        return await count(fra.runtime, "sources", "last_polled_at IS NULL") == 0

    await run_until([fra, ams], done)

    assert (polled(fra), polled(ams)) == ([own["fra1"]], [own["ams1"]])


async def test_a_site_with_a_login_goes_to_the_node_that_has_it(
    newsroom: Newsroom, stack: AsyncExitStack, url: str, tmp_path: Path
) -> None:
    login = Login.parse(f"{newsroom.url('/').rstrip('/')} bearer abcdef")
    fra, ams = (
        await open_node(stack, url, tmp_path, "fra1", logins=(login,)),
        await open_node(stack, url, tmp_path, "ams1"),
    )
    source = publish(newsroom, 3)
    await add(fra.runtime, source)

    async def done() -> bool:
        return await count(fra.runtime, "records") == 3

    await run_until([ams, fra], done)

    assert polled(fra) == [source]
    assert ams.done == []


async def test_turns_that_wait_for_a_node_that_drains_go_to_others(
    newsroom: Newsroom, stack: AsyncExitStack, url: str, tmp_path: Path
) -> None:
    login = Login.parse(f"{newsroom.url('/').rstrip('/')} bearer abcdef")
    fra = await open_node(stack, url, tmp_path, "fra1", logins=(login,))
    source = publish(newsroom, 1)
    await add(fra.runtime, source)
    async with fra.engine._queue:  # type: ignore[attr-defined]
        assert await fra.engine._queue_due_sites() == 1  # type: ignore[attr-defined]
    async with fra.runtime.database.write() as connection:
        queues = (await connection.execute(text("SELECT queue_name FROM procrastinate_jobs"))).scalars().all()
        assert queues == ["turns@fra1"]
        await control.set_state(connection, "fra1", "draining")
    ams = await open_node(stack, url, tmp_path, "ams1", logins=(login,))

    async def done() -> bool:
        return await count(ams.runtime, "records") == 1

    await run_until([ams], done)

    assert polled(ams) == [source]
