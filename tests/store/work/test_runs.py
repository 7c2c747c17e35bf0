"""Which runs are dead: by heartbeats as observed, and by processes; never by the clocks of hosts."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.store.work import processes, runs
from tests.support.outcomes import NOON


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


async def start_with_claim(database: Database, **values: Any) -> str:
    """Start a run that has claimed a source; `values` replace those of its row."""
    async with database.write() as connection:
        run_id = await runs.start(connection, role="daemon", now=NOON)
        await sources.add(connection, "https://wire.example/", now=NOON)
        await sources.claim_due(connection, run_id, now=NOON, limit=1)
        if values:
            await connection.execute(update(tables.runs).where(tables.runs.c.id == run_id).values(values))
    return run_id


async def observe(database: Database, observer: runs.RunObserver) -> int:
    async with database.write() as connection:
        return await runs.expire_dead(connection, observer)


async def observe_for(database: Database, observer: runs.RunObserver, clock: Clock, seconds: float) -> int:
    """Observe at each heartbeat; returns how many runs were dead."""
    dead = await observe(database, observer)
    for _ in range(int(seconds / runs.HEARTBEAT)):
        clock.seconds += runs.HEARTBEAT
        dead += await observe(database, observer)
    return dead


async def beat(database: Database, run_id: str, at: datetime = NOON) -> None:
    async with database.write() as connection:
        await runs.heartbeat(connection, run_id, role="daemon", now=at)


async def run_ids(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(tables.runs.c.id))).scalars())


async def claimed_by(database: Database) -> str | None:
    async with database.read() as connection:
        return (await connection.execute(select(tables.sources.c.run_id))).scalar_one()


@pytest.mark.parametrize("off", [timedelta(hours=-5), timedelta(hours=5)], ids=["behind", "ahead"])
async def test_a_run_lives_while_it_beats_whatever_its_clock_says(database: Database, off: timedelta) -> None:
    clock = Clock()
    observer = runs.RunObserver(clock)
    run_id = await start_with_claim(database, place="another host", seen_at=NOON + off)

    for _ in range(20):
        assert await observe(database, observer) == 0
        clock.seconds += runs.HEARTBEAT
        await beat(database, run_id, NOON + off)  # a clock that stands still

    assert await claimed_by(database) == run_id


async def test_a_run_whose_heartbeats_stop_is_dead_after_thirty_seconds(database: Database) -> None:
    clock = Clock()
    observer = runs.RunObserver(clock)
    await start_with_claim(database, place="another host", seen_at=NOON + timedelta(days=1))

    assert await observe_for(database, observer, clock, runs.DEAD_AFTER - runs.HEARTBEAT) == 0
    clock.seconds += runs.HEARTBEAT
    assert await observe(database, observer) == 1

    assert await claimed_by(database) is None
    assert await run_ids(database) == []


async def test_the_time_in_which_nothing_was_observed_does_not_count(database: Database) -> None:
    clock = Clock()
    observer = runs.RunObserver(clock)
    run_id = await start_with_claim(database, place="another host")
    await observe(database, observer)

    clock.seconds += 3600  # the database was away, for all runs
    assert await observe(database, observer) == 0

    assert await claimed_by(database) == run_id


async def test_a_heartbeat_between_observation_and_deletion_saves_the_run(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = await start_with_claim(database, place="another host")
    observer = runs.RunObserver()
    async with database.read() as connection:
        before = (await connection.execute(select(tables.runs))).all()
    await beat(database, run_id)
    monkeypatch.setattr(observer, "dead", lambda _rows: before)

    assert await observe(database, observer) == 0

    assert await claimed_by(database) == run_id


async def test_a_process_that_was_killed_here_is_dead_at_once(
    database: Database, process: subprocess.Popen[bytes]
) -> None:
    await start_with_claim(database, pid=process.pid, pid_started=processes.started(process.pid))
    assert await observe(database, runs.RunObserver()) == 0

    process.kill()
    process.communicate()

    assert await observe(database, runs.RunObserver()) == 1
    assert await claimed_by(database) is None


async def test_a_process_that_its_parent_has_not_read_yet_is_dead(
    database: Database, process: subprocess.Popen[bytes]
) -> None:
    await start_with_claim(database, pid=process.pid, pid_started=processes.started(process.pid))
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222 - it has been killed

    assert await observe(database, runs.RunObserver()) == 1


async def test_another_process_with_the_same_id_does_not_keep_a_run_alive(database: Database) -> None:
    await start_with_claim(database, pid=os.getpid(), pid_started="17")

    assert await observe(database, runs.RunObserver()) == 1


async def test_process_ids_of_another_place_say_nothing(database: Database) -> None:
    # Two containers on one host name, and a process id that is free here.
    await start_with_claim(database, pid=2**22 - 1, place=processes.place() + "0")

    assert await observe(database, runs.RunObserver()) == 0


async def test_a_run_whose_row_is_gone_registers_with_a_higher_generation(database: Database) -> None:
    run_id = await start_with_claim(database)
    async with database.write() as connection:
        await runs.end(connection, run_id)
        later = await runs.start(connection, role="poll", now=NOON)

    await beat(database, run_id)

    async with database.read() as connection:
        rows = (await connection.execute(select(tables.runs).order_by(tables.runs.c.generation))).all()
    assert [(row.id, row.generation) for row in rows] == [(later, 2), (run_id, 3)]
    assert await claimed_by(database) is None


async def test_claims_of_a_run_that_died_before_it_registered_again_are_released(database: Database) -> None:
    """A run that another one took for dead claims on until its next heartbeat."""
    clock = Clock()
    observer = runs.RunObserver(clock)
    run_id = await start_with_claim(database)
    async with database.write() as connection:
        await connection.execute(delete(tables.runs))

    assert await observe_for(database, observer, clock, 28) == 0
    assert await claimed_by(database) == run_id
    await beat(database, run_id)
    assert await observe_for(database, observer, clock, 2) == 0
    async with database.write() as connection:
        await connection.execute(delete(tables.runs))
    assert await observe_for(database, observer, clock, 40) == 1
    assert await claimed_by(database) is None


async def test_a_run_of_an_earlier_release_lives_while_its_heartbeat_changes(database: Database) -> None:
    clock = Clock()
    observer = runs.RunObserver(clock)
    earlier = {"place": None, "pid_started": None, "generation": None}
    run_id = await start_with_claim(database, pid=2**22 - 1, **earlier)

    for seconds in range(20):
        async with database.write() as connection:
            seen = update(tables.runs).values(seen_at=NOON + timedelta(seconds=seconds))
            await connection.execute(seen.where(tables.runs.c.id == run_id))
        assert await observe(database, observer) == 0
        clock.seconds += runs.HEARTBEAT

    assert await observe_for(database, observer, clock, runs.DEAD_AFTER) == 1


def test_without_proc_the_place_is_the_host(tmp_path: Path) -> None:
    assert processes.place(tmp_path)
    assert " " not in processes.place(tmp_path)
    assert processes.started(os.getpid(), tmp_path) is None
