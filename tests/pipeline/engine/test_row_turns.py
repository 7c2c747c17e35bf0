"""Permissions to ask sites, shared through rows of PostgreSQL."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import text, update

from ingestd.errors import Held, StoreUnavailable
from ingestd.pipeline.engine.row_turns import RowTurns, open_row_turns
from ingestd.store.database import Database
from ingestd.store.schema.tables import manners as manners_table
from ingestd.store.work import manners, runs
from ingestd.web.politeness.pacing import OnHold, Pacing
from ingestd.web.politeness.shared_turns import Failures
from tests.conftest import LendDatabase

SITE = "a.example"


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
    turns = await stack.enter_async_context(open_row_turns(database, run_id))
    return Pacing(concurrency=concurrency, delay=delay, shared=turns), turns, run_id


async def row_of(database: Database) -> dict[str, Any]:
    async with database.read() as connection:
        found = await connection.execute(text("SELECT * FROM manners WHERE site = :site"), {"site": SITE})
        return dict(found.mappings().one())


async def end(database: Database, run_id: str) -> None:
    """End a run as if another one had found it dead."""
    async with database.write() as connection:
        await runs.end(connection, run_id)


class Arrivals:
    """A site that logs when requests arrive and when they have their answers."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []
        self.most = self._now = 0

    async def answer(self, seconds: float) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        began = monotonic()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._now -= 1
            self.spans.append((began, monotonic()))

    def shortest_gap(self) -> float:
        """Return the shortest time between the end of a request and the arrival of the next one."""
        self.spans.sort()
        return min(later[0] - earlier[1] for earlier, later in pairwise(self.spans))


async def test_two_machines_ask_a_site_one_after_the_other(database: Database, stack: AsyncExitStack) -> None:
    pacings = [(await make_pacing(database, stack, delay=0.3))[0] for _ in range(2)]
    site = Arrivals()

    async def ask(pacing: Pacing) -> None:
        for _ in range(3):
            async with pacing.turn(SITE):
                await site.answer(0.05)

    await asyncio.gather(*map(ask, pacings))

    assert (site.most, len(site.spans)) == (1, 6)
    assert site.shortest_gap() >= 0.3


@pytest.mark.parametrize("seed", range(3))
async def test_machines_keep_the_manners_whatever_they_do(
    database: Database, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Four machines ask at random, give the site back too early, and lose answers of the database."""
    monkeypatch.setattr("ingestd.pipeline.engine.row_turns.SWEEP", 0.3)
    monkeypatch.setattr("ingestd.pipeline.engine.row_turns._AFTER_FAILURE", 0.1)
    chance, delay, site = random.Random(seed), 0.1, Arrivals()
    machines = [await make_pacing(database, stack, delay=delay) for _ in range(4)]
    until = monotonic() + 4.0

    async def ask(pacing: Pacing, turns: RowTurns) -> None:
        while monotonic() < until:
            try:
                async with asyncio.timeout(chance.choice([0.05, 5.0])), pacing.turn(SITE):
                    # Another job of this machine ends its turn at the site, whoever asks there.
                    pacing.hand_over(SITE)
                    await site.answer(chance.uniform(0.0, 0.3))
                pacing.hand_over(SITE)
                if chance.random() < 0.2:
                    await turns.store()
            except OnHold:
                await asyncio.sleep(0.05)
            except (Held, StoreUnavailable, TimeoutError):
                pass  # the answer was lost, or nobody waited for it

    async def lose_answers() -> None:
        """Fail commits now and then, before or after they have happened."""
        take, store = manners.take, manners.store

        async def lose(statement: Any, *args: Any) -> Any:
            result = await statement(*args)
            if chance.random() < 0.15:
                raise StoreUnavailable("the connection was lost")
            return result

        monkeypatch.setattr(manners, "take", lambda *args: lose(take, *args))
        monkeypatch.setattr(manners, "store", lambda *args: lose(store, *args))

    await lose_answers()
    async with asyncio.TaskGroup() as tasks:
        for pacing, turns, _ in machines:
            tasks.create_task(ask(pacing, turns))
            tasks.create_task(ask(pacing, turns))

    assert site.most == 1
    assert len(site.spans) > 5
    assert site.shortest_gap() >= delay


async def test_slots_of_one_machine_share_a_site(database: Database, stack: AsyncExitStack) -> None:
    (first, turns, _), (second, _, _) = [await make_pacing(database, stack, delay=0.2, concurrency=3) for _ in range(2)]
    slots = await asyncio.gather(*(first.acquire(SITE) for _ in range(3)))
    began = asyncio.create_task(second.acquire(SITE))
    for slot in slots[:2]:
        first.release(SITE, slot)
    first.hand_over(SITE)  # one request is under way still
    await turns.store()
    assert (await row_of(database))["run_id"]

    ended = monotonic()
    first.release(SITE, slots[2])
    first.hand_over(SITE)
    await began

    assert monotonic() - ended >= 0.2


async def test_a_site_is_not_given_back_under_a_request_that_begins(database: Database, stack: AsyncExitStack) -> None:
    first, turns, run_id = await make_pacing(database, stack, delay=0.0)
    async with first.turn(SITE):
        pass
    given_back = turns._news[SITE]
    await first.acquire(SITE)
    turns._news[SITE] = given_back  # its commit was under way, or its outcome unknown
    given_back.given_back = 1

    await turns.store()

    assert (await row_of(database))["run_id"] == run_id


async def test_a_site_whose_permission_nobody_heard_of_is_given_back(database: Database, stack: AsyncExitStack) -> None:
    first, turns, run_id = await make_pacing(database, stack, delay=0.0)
    async with database.write() as connection:
        await manners.take(connection, run_id, [manners.Taking(site=SITE, delay=0.0)])

    await turns.sweep()
    await turns.store()

    assert (await row_of(database))["run_id"] is None
    async with first.turn(SITE):
        await turns.sweep()  # it knows this one
        await turns.store()
        assert (await row_of(database))["run_id"] == run_id


async def test_a_site_is_kept_for_a_request_that_follows_at_once(database: Database, stack: AsyncExitStack) -> None:
    pacing, turns, run_id = await make_pacing(database, stack, delay=0.0)

    for _ in range(2):
        async with pacing.turn(SITE):
            await turns.store()
            assert (await row_of(database))["run_id"] == run_id
    async with asyncio.timeout(60):
        while (await row_of(database))["run_id"]:  # noqa: ASYNC110 - a row tells nobody
            await asyncio.sleep(0.05)


async def test_a_hold_and_a_crawl_delay_reach_other_machines(database: Database, stack: AsyncExitStack) -> None:
    (first, turns, _), (second, _, _) = [await make_pacing(database, stack, delay=0.0) for _ in range(2)]
    async with first.turn(SITE):
        first.set_delay(SITE, "https://a.example:443", 40.0)
        first.hold(SITE, 600.0)
    await turns.store()

    with pytest.raises(OnHold) as hold:
        await second.acquire(SITE)

    assert 590 < hold.value.seconds <= 600
    assert second.held_for(SITE) > 590
    assert second.delay_of(SITE) == 40.0


async def test_only_the_origin_that_asks_for_a_delay_shortens_it(database: Database, stack: AsyncExitStack) -> None:
    machines = [await make_pacing(database, stack, delay=0.0) for _ in range(3)]
    www, feeds = "https://www.a.example:443", "https://feeds.a.example:443"

    async def read(number: int, origin: str, delay: float) -> float:
        """Read a robots.txt on a machine; returns the delay that applies from then on."""
        turns = machines[number][1]
        turns.learn_delay(SITE, delay, origin=origin if delay else None, changed=origin)
        await turns.store()
        return float((await row_of(database))["delay"])

    assert await read(0, www, 40.0) == 40.0
    assert await read(1, feeds, 0.0) == 40.0
    assert await read(1, feeds, 50.0) == 50.0
    assert await read(2, feeds, 0.0) == 0.0
    assert await read(0, www, 40.0) == 40.0
    assert await read(2, www, 20.0) == 20.0


async def test_failures_reach_the_machine_that_has_the_site_next(database: Database, stack: AsyncExitStack) -> None:
    (first, turns, _), (second, others, _) = [await make_pacing(database, stack, delay=0.0) for _ in range(2)]
    heard: list[tuple[str, Failures]] = []
    second.on_failures = lambda site, failures: heard.append((site, failures))

    async with first.turn(SITE):
        first.share_failures(SITE, Failures(count=3))
    await turns.store()
    async with second.turn(SITE):
        second.share_failures(SITE, Failures(count=4))
    async with second.turn(SITE):
        assert heard == [(SITE, Failures(count=3))]  # it knows the rest itself
        second.share_failures(SITE, Failures(count=5, wait=60.0, left=60.0))
    await others.store()

    with pytest.raises(OnHold) as hold:
        await first.acquire(SITE)
    assert 55 < hold.value.seconds <= 60


async def test_a_run_that_has_lost_a_site_hears_of_its_failures(database: Database, stack: AsyncExitStack) -> None:
    (first, turns, run_id), (second, others, _) = [await make_pacing(database, stack, delay=0.0) for _ in range(2)]
    heard: list[Failures] = []
    first.on_failures = lambda _, failures: heard.append(failures)
    await turns.take(SITE, 0.0)  # it is stopped, and seems dead
    await end(database, run_id)
    async with second.turn(SITE):
        second.share_failures(SITE, Failures(count=4))
    await others.store()
    async with database.write() as connection:
        await runs.heartbeat(connection, run_id, role="daemon", now=datetime.now(UTC))

    async with first.turn(SITE):
        assert heard == [Failures(count=4)]


async def test_a_run_without_the_site_changes_none_of_its_failures(database: Database, stack: AsyncExitStack) -> None:
    (first, turns, run_id), (second, _, _) = [await make_pacing(database, stack, delay=0.0) for _ in range(2)]
    await first.acquire(SITE)
    await end(database, run_id)
    await second.acquire(SITE)

    first.share_failures(SITE, Failures(count=9, wait=60.0, left=60.0))
    await turns.store()

    row = await row_of(database)
    assert (row["failures"], row["failing_until"]) == (0, None)


async def test_a_dead_run_leaves_its_site_alone_for_the_delay_from_its_end(
    database: Database, stack: AsyncExitStack
) -> None:
    (first, _, run_id), (second, _, _) = [await make_pacing(database, stack, delay=1.0) for _ in range(2)]
    await first.acquire(SITE)  # never released
    async with database.write() as connection:
        await connection.execute(update(manners_table).values(next_at=datetime(2000, 1, 1, tzinfo=UTC)))
    began = monotonic()
    await end(database, run_id)

    await second.acquire(SITE)

    assert monotonic() - began >= 1.0


async def test_a_run_that_is_not_registered_asks_nothing(database: Database, stack: AsyncExitStack) -> None:
    first, turns, run_id = await make_pacing(database, stack, delay=0.0)
    await end(database, run_id)

    assert not (await turns.take(SITE, 0.0)).is_granted

    async with database.write() as connection:
        await runs.heartbeat(connection, run_id, role="daemon", now=datetime.now(UTC) + timedelta(minutes=5))
    await first.acquire(SITE)
