"""Permissions to ask sites, shared through rows of PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from ingestd.pipeline.engine.row_turns import RowTurns, open_row_turns
from ingestd.store.database import Database
from ingestd.store.work import runs
from ingestd.web.politeness.pacing import OnHold, Pacing
from tests.conftest import LendDatabase


@pytest.fixture
async def database(lend_database: LendDatabase, tmp_path: Path) -> AsyncIterator[Database]:
    with lend_database("postgresql", tmp_path) as url:
        async with Database(url) as database:
            yield database


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def make_pacing(
    database: Database, stack: AsyncExitStack, *, delay: float, concurrency: int = 1
) -> tuple[Pacing, RowTurns, str]:
    """Return a pacing of a run of its own, as of another machine."""
    async with database.write() as connection:
        run_id = await runs.start(connection, role="daemon", now=datetime.now(UTC))
    turns = await stack.enter_async_context(open_row_turns(database, run_id, delay=delay))
    return Pacing(concurrency=concurrency, delay=delay, shared=turns), turns, run_id


async def test_two_machines_ask_a_site_one_after_the_other(database: Database, stack: AsyncExitStack) -> None:
    pacings = [(await make_pacing(database, stack, delay=0.3))[0] for _ in range(2)]
    at_once, most, spans = 0, 0, []

    async def ask(pacing: Pacing) -> None:
        nonlocal at_once, most
        for _ in range(3):
            async with pacing.turn("a.example"):
                at_once += 1
                most = max(most, at_once)
                began = monotonic()
                await asyncio.sleep(0.05)
                spans.append((began, monotonic()))
                at_once -= 1

    await asyncio.gather(*map(ask, pacings))

    spans.sort()
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(spans)]
    assert (most, len(spans)) == (1, 6)
    assert min(gaps) >= 0.25  # the next time of a site that has another machine counts from the request's start


async def test_a_hold_and_a_crawl_delay_reach_other_machines(database: Database, stack: AsyncExitStack) -> None:
    (first, turns, _), (second, _, _) = [await make_pacing(database, stack, delay=0.0) for _ in range(2)]
    async with first.turn("a.example"):
        first.set_delay("a.example", "https://a.example", 40.0)
        first.hold("a.example", 600.0)
    await turns.store()

    with pytest.raises(OnHold) as hold:
        await second.acquire("a.example")

    assert 590 < hold.value.seconds <= 600
    assert second.held_for("a.example") > 590
    assert second.delay_of("a.example") == 40.0


async def test_a_dead_run_leaves_its_site_with_the_time_it_may_be_asked(
    database: Database, stack: AsyncExitStack
) -> None:
    (first, _, run_id), (second, _, _) = [await make_pacing(database, stack, delay=2.0) for _ in range(2)]
    began = monotonic()
    await first.acquire("a.example")  # never released
    async with database.write() as connection:
        await runs.end(connection, run_id)

    await second.acquire("a.example")

    assert monotonic() - began >= 1.9
