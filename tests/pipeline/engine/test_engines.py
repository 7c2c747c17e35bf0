"""What every engine does, on PostgreSQL."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from ingestd.pipeline.engine.engine import Engine, Reports
from ingestd.pipeline.engine.make import make_engine
from ingestd.pipeline.engine.turns.engine import TurnEngine
from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls import sources
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.records.outcomes import Saved, Untouched
from ingestd.store.schema import tables
from ingestd.store.work.own_claims import claim_of
from ingestd.urls import source_url
from tests.conftest import LendDatabase
from tests.support.desk import add, claim_source, feed, open_desk, page
from tests.support.dropping import item, write
from tests.support.newsroom import Newsroom

ENGINES = ("local", "procrastinate")


class Machine:
    """A runtime of a daemon and its engine, as on a machine of its own."""

    def __init__(self, runtime: Runtime, *, slots: int = 4) -> None:
        self.runtime = runtime
        #: What the engine has reported.
        self.done: list[Any] = []
        #: Whether each claim that found something was committed.
        self.claims: list[bool] = []
        note = self.done.append
        reports = Reports(on_poll=note, on_page=note, on_revisit=note, on_claim=self.claims.append)
        self.engine: Engine = make_engine(runtime, reports, max_polls=slots, max_pages=slots, per_site=1)


@pytest.fixture
def url(lend_database: LendDatabase, tmp_path: Path) -> Any:
    with lend_database("postgresql", tmp_path) as url:
        yield url


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def open_machine(stack: AsyncExitStack, url: str, folder: Path, *, slots: int = 4, **settings: Any) -> Machine:
    runtime = await stack.enter_async_context(open_desk(url, folder, role="daemon", settle=0, **settings))
    return Machine(runtime, slots=slots)


@pytest.fixture(params=ENGINES)
async def machine(request: pytest.FixtureRequest, stack: AsyncExitStack, url: str, tmp_path: Path) -> Machine:
    machine = await open_machine(stack, url, tmp_path, engine=request.param)
    assert isinstance(machine.engine, TurnEngine) == (request.param == "procrastinate")
    return machine


def publish(newsroom: Newsroom, count: int, *, name: str = "a", host: str = "127.0.0.1") -> str:
    """Publish a feed of pages; return its URL."""
    links = []
    for number in range(count):
        body = page(f"Ferry {name} {number}", f"Ferry {name} {number} sails on the hour. " * 20)
        newsroom.publish(f"/{name}/{number}", body=body, content_type="text/html")
        links.append(newsroom.url(f"/{name}/{number}", host=host))
    newsroom.publish(f"/{name}.xml", body=feed(*links))
    return newsroom.url(f"/{name}.xml", host=host)


def make_folder(path: Path) -> Path:
    path.mkdir()
    return path


async def count(runtime: Runtime, table: str, condition: str = "true") -> int:
    async with runtime.database.read() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table} WHERE {condition}"))).scalar_one())


async def test_polls_and_pages_until_nothing_is_due(newsroom: Newsroom, machine: Machine) -> None:
    await add(machine.runtime, publish(newsroom, 5))

    await machine.engine.run_until_idle()

    assert await count(machine.runtime, "records") == 5
    assert Counter(type(one) for one in machine.done) == {PollResult: 1, Saved: 5}
    assert machine.engine.at_work().total == 0
    assert await count(machine.runtime, "entries", "run_id IS NOT NULL") == 0


async def test_a_turn_claims_all_it_can_work_on_at_once(
    newsroom: Newsroom, stack: AsyncExitStack, url: str, tmp_path: Path
) -> None:
    machine = await open_machine(stack, url, tmp_path, engine="procrastinate")
    await add(machine.runtime, publish(newsroom, 8))

    await machine.engine.run_until_idle()

    assert Counter(type(one) for one in machine.done) == {PollResult: 1, Saved: 8}
    assert machine.claims == [True, True]  # the poll, and the pages that it brought


async def test_a_site_that_asks_for_a_pause_gets_its_claimed_pages_back_at_once(
    newsroom: Newsroom, stack: AsyncExitStack, url: str, tmp_path: Path
) -> None:
    machine = await open_machine(stack, url, tmp_path, engine="procrastinate", host_delay=0.2)
    await add(machine.runtime, publish(newsroom, 8))
    for number in range(8):
        newsroom.publish(f"/a/{number}", status=429, Retry_After="600")

    await machine.engine.run_until_idle()

    assert await count(machine.runtime, "entries", "state = 'pending'") == 8
    assert await count(machine.runtime, "entries", "run_id IS NOT NULL OR due_at < now() + interval '9 minutes'") == 0
    assert len([one for one in newsroom.requests if one.path.startswith("/a/")]) == 1


async def test_a_daemon_polls_and_makes_records_until_it_is_stopped(newsroom: Newsroom, machine: Machine) -> None:
    await add(machine.runtime, publish(newsroom, 3))
    running = asyncio.create_task(machine.engine.run())
    machine.engine.nudge()
    async with asyncio.timeout(60):
        while await count(machine.runtime, "records") < 3:
            machine.engine.nudge()
            await asyncio.sleep(0.05)

        machine.engine.stop()
        await running

    assert await count(machine.runtime, "sources", "run_id IS NOT NULL") == 0


async def test_work_under_way_is_finished_at_a_stop(newsroom: Newsroom, machine: Machine) -> None:
    go = asyncio.Event()
    newsroom.publish("/slow.xml", body=feed(), when=go)
    await add(machine.runtime, newsroom.url("/slow.xml"))
    running = asyncio.create_task(machine.engine.run())
    async with asyncio.timeout(60):
        while not newsroom.requests:
            machine.engine.nudge()
            await asyncio.sleep(0.05)
        assert machine.engine.at_work().polls == 1

        machine.engine.stop()
        go.set()
        await running

    assert [type(one) for one in machine.done] == [PollResult]
    assert await count(machine.runtime, "sources", "run_id IS NOT NULL") == 0


async def test_work_that_does_not_end_is_given_up_when_the_time_to_stop_is_over(
    newsroom: Newsroom, machine: Machine
) -> None:
    newsroom.publish("/slow.xml", body=feed(), when=asyncio.Event())
    await add(machine.runtime, newsroom.url("/slow.xml"))
    running = asyncio.create_task(machine.engine.run())
    async with asyncio.timeout(60):
        while not newsroom.requests:
            machine.engine.nudge()
            await asyncio.sleep(0.05)
    machine.engine.stop()

    running.cancel()

    async with asyncio.timeout(10):
        await asyncio.wait([running])
    assert running.cancelled()


async def test_a_page_is_revisited(newsroom: Newsroom, machine: Machine) -> None:
    await add(machine.runtime, publish(newsroom, 1))
    await machine.engine.run_until_idle()
    async with machine.runtime.database.write() as connection:
        await connection.execute(update(tables.entries).values(revisit_at=datetime.now(UTC)))

    await machine.engine.run_until_idle(["revisits"])

    assert isinstance(machine.done[-1], Untouched)
    assert [request.path for request in newsroom.requests].count("/a/0") == 2


async def test_a_site_that_asks_for_a_pause_is_left_alone_and_the_others_are_not(
    newsroom: Newsroom, machine: Machine
) -> None:
    links = [newsroom.publish(f"/busy/{number}", status=429, Retry_After="7200") for number in range(20)]
    await add(machine.runtime, newsroom.publish("/busy.xml", body=feed(*links)))
    await machine.engine.run_until_idle()
    await add(machine.runtime, publish(newsroom, 2, host="localhost"))

    await machine.engine.run_until_idle()

    assert await count(machine.runtime, "records") == 2
    assert sum(request.path.startswith("/busy/") for request in newsroom.requests) == 1
    in_two_hours = datetime.now(UTC) + timedelta(seconds=7100)
    async with machine.runtime.database.read() as connection:
        c = tables.entries.c
        put_off = select(func.count()).where(c.state == "pending", c.run_id.is_(None), c.due_at > in_two_hours)
        assert (await connection.execute(put_off)).scalar_one() == 20


async def test_a_slow_site_keeps_no_slot_and_its_pages_are_put_off(
    newsroom: Newsroom, stack: AsyncExitStack, url: str, tmp_path: Path
) -> None:
    machine = await open_machine(stack, url, tmp_path, engine="procrastinate")
    newsroom.publish("/robots.txt", body=b"User-agent: *\nCrawl-delay: 60\n", content_type="text/plain")
    await add(machine.runtime, publish(newsroom, 5))

    async with asyncio.timeout(50):
        await machine.engine.run_until_idle()

    # Pages obey robots.txt, feeds need not: that the site is slow is read for the first page, which then has to wait.
    assert [request.path for request in newsroom.requests] == ["/a.xml", "/robots.txt"]
    async with machine.runtime.database.read() as connection:
        c = tables.entries.c
        due = list(
            (await connection.execute(select(c.due_at).where(c.state == "pending", c.run_id.is_(None)))).scalars()
        )
    assert len(due) == 5
    assert min(due) > datetime.now(UTC) + timedelta(seconds=50)


async def test_files_of_a_drop_folder_become_records(machine: Machine, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "wire")
    for number in range(3):
        write(folder, f"{number}.json", item(f"{number}", text=f"Ferry {number} sails on the hour."), at=1e9)
    await add(machine.runtime, source_url(str(folder)))

    await machine.engine.run_until_idle()

    assert await count(machine.runtime, "records") == 3


@pytest.mark.parametrize("left", ["an entry of a removed source", "a revisit, with revisits off"])
async def test_what_is_due_but_never_worked_on_queues_no_turns(
    newsroom: Newsroom, stack: AsyncExitStack, url: str, tmp_path: Path, left: str
) -> None:
    machine = await open_machine(stack, url, tmp_path, engine="procrastinate", revisit_first=0)
    source = await add(machine.runtime, publish(newsroom, 1))
    if left.startswith("an entry"):
        newsroom.publish("/a/0", status=500)
    await machine.engine.run_until_idle()
    async with machine.runtime.database.write() as connection:
        if left.startswith("an entry"):
            await sources.set_state(connection, source, "removed", now=datetime.now(UTC))
            await connection.execute(update(tables.entries).values(due_at=datetime.now(UTC)))
        else:
            await connection.execute(update(tables.entries).values(revisit_at=datetime.now(UTC)))
    asked = len(newsroom.requests)

    async with asyncio.timeout(30):
        await machine.engine.run_until_idle()

    assert len(newsroom.requests) == asked
    assert await count(machine.runtime, "entries", "due_at <= now() OR revisit_at <= now()") == 1


async def run_until_saved(machines: list[Machine], records: int) -> None:
    """Let machines work at the same time until there are so many records, and stop them."""
    running = [asyncio.create_task(machine.engine.run()) for machine in machines]
    async with asyncio.timeout(60):
        while await count(machines[0].runtime, "records") < records:
            for machine in machines:
                machine.engine.nudge()
            await asyncio.sleep(0.05)
        for machine in machines:
            machine.engine.stop()
        await asyncio.gather(*running)


async def test_machines_share_what_asks_no_site(stack: AsyncExitStack, url: str, tmp_path: Path) -> None:
    # Each machine takes two turns at once, of at most 50 entries each.
    machines = [await open_machine(stack, url, tmp_path / name, slots=1, engine="procrastinate") for name in "ab"]
    folder = make_folder(tmp_path / "wire")
    for number in range(120):
        write(folder, f"{number:03}.json", item(f"{number}", text=f"Ferry {number} sails on the hour."), at=1e9)
    source = await add(machines[0].runtime, source_url(str(folder)))
    # All are due before a machine begins, so that the first look finds work for several turns.
    async with asyncio.timeout(60):
        while await count(machines[0].runtime, "entries") < 120:
            claimed = await claim_source(machines[0].runtime, source)
            await machines[0].runtime.ingest.poll(claimed)
            machines[0].runtime.claims.remove([claim_of(claimed)])

    await run_until_saved(machines, 120)

    saved = [sum(isinstance(one, Saved) for one in machine.done) for machine in machines]
    assert sum(saved) == 120
    assert min(saved) > 0


async def test_two_machines_share_the_work_and_keep_the_manners(
    newsroom: Newsroom, stack: AsyncExitStack, url: str, tmp_path: Path
) -> None:
    machines = [
        await open_machine(stack, url, tmp_path / name, engine="procrastinate", host_delay=0.1) for name in "ab"
    ]
    await add(machines[0].runtime, publish(newsroom, 12))
    await add(machines[0].runtime, publish(newsroom, 12, name="b"))
    await run_until_saved(machines, 24)

    paths = Counter(request.path for request in newsroom.requests)
    assert [path for path, times in paths.items() if times > 1] == []
    assert newsroom.most_at_once == 1
    # From the end of a request to the next, less what the loopback takes.
    spans = sorted((request.started, request.ended or 0.0) for request in newsroom.requests)
    assert min(later[0] - earlier[1] for earlier, later in pairwise(spans)) > 0.09


async def test_a_machine_whose_clock_is_wrong_takes_no_work_until_it_is_right(
    newsroom: Newsroom, stack: AsyncExitStack, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.pipeline.engine.turns.engine.datetime", FastClock)
    monkeypatch.setattr("ingestd.pipeline.engine.turns.engine._RESCUE", 0.0)
    machine = await open_machine(stack, url, tmp_path, engine="procrastinate")
    await add(machine.runtime, publish(newsroom, 1))
    running = asyncio.create_task(machine.engine.run())
    async with asyncio.timeout(60):
        while not (trouble := machine.engine.trouble()):
            machine.engine.nudge()
            await asyncio.sleep(0.05)
        assert "300 s ahead of the database's" in trouble
        assert newsroom.requests == []

        monkeypatch.setattr(FastClock, "AHEAD", timedelta())
        while await count(machine.runtime, "records") == 0:
            machine.engine.nudge()
            await asyncio.sleep(0.05)
        machine.engine.stop()
        await running
    assert machine.engine.trouble() is None


class FastClock(datetime):
    """A clock that somebody has set wrong."""

    AHEAD = timedelta(seconds=300)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.AHEAD


@pytest.mark.parametrize("worker", ["of a machine that died", "of this one"])
async def test_the_site_of_a_lost_turn_is_worked_on_again(
    newsroom: Newsroom, stack: AsyncExitStack, url: str, tmp_path: Path, worker: str
) -> None:
    """A job stays "doing" if its machine died, or if the database was away when it ended."""
    machine = await open_machine(stack, url, tmp_path, engine="procrastinate")
    await machine.engine.run_until_idle()  # makes the tables
    running = asyncio.create_task(machine.engine.run())
    async with asyncio.timeout(60):
        while await count(machine.runtime, "procrastinate_workers") == 0:
            machine.engine.nudge()
            await asyncio.sleep(0.05)
        async with machine.runtime.database.write() as connection:
            number = "NULL" if worker == "of a machine that died" else "(SELECT max(id) FROM procrastinate_workers)"
            job = "'turns', 'site_turn', '127.0.0.1', '127.0.0.1', :args, 'doing'"
            columns = "queue_name, task_name, lock, queueing_lock, args, status, worker_id"
            insert = f"INSERT INTO procrastinate_jobs ({columns}) VALUES ({job}, {number})"
            await connection.execute(text(insert), {"args": '{"site": "127.0.0.1"}'})
        await add(machine.runtime, publish(newsroom, 1))
        while await count(machine.runtime, "records") == 0:
            machine.engine.nudge()
            await asyncio.sleep(0.05)
        machine.engine.stop()
        await running

    assert await count(machine.runtime, "procrastinate_jobs") == 0
