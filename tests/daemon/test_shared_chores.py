import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestd.daemon import shared_chores
from ingestd.daemon.shared_chores import SharedChores
from ingestd.errors import StoreError
from ingestd.pipeline.runtime import Runtime
from tests.daemon.processes import Daemon, eventually, rows
from tests.support.desk import open_desk

PERIOD = 600.0


@asynccontextmanager
async def two_machines(database_url: str, folder: Path) -> AsyncIterator[tuple[Runtime, Runtime]]:
    async with open_desk(database_url, folder / "a") as one, open_desk(database_url, folder / "b") as other:
        yield one, other


def shared(runtime: Runtime) -> SharedChores:
    return SharedChores(runtime.database, runtime.run_id)


async def let_pass(runtime: Runtime, seconds: float) -> None:
    """Let so many seconds pass for the chores of a database."""
    async with runtime.database.write() as connection:
        statement = text("UPDATE chores SET next_at = next_at - make_interval(secs => :seconds)")
        await connection.execute(statement, {"seconds": seconds})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_one_of_two_machines_does_a_chore_in_each_period(database_url: str, tmp_path: Path) -> None:
    done: list[str] = []

    async def chore() -> None:
        done.append("done")

    async with two_machines(database_url, tmp_path) as machines:
        chores = [shared(runtime).once("retention", PERIOD, chore) for runtime in machines]
        for period in range(1, 4):
            await asyncio.gather(*(run() for run in chores * 3))
            assert len(done) == period
            await let_pass(machines[0], 0.8 * PERIOD)
            await asyncio.gather(*(run() for run in chores))
            assert len(done) == period
            await let_pass(machines[0], 0.2 * PERIOD)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_chore_that_takes_longer_than_its_period_runs_on_one_machine(database_url: str, tmp_path: Path) -> None:
    begun, may_end, done = asyncio.Event(), asyncio.Event(), []

    async def long() -> None:
        begun.set()
        await may_end.wait()
        done.append("one")

    async def other() -> None:
        done.append("other")

    async with two_machines(database_url, tmp_path) as machines:
        running = asyncio.create_task(shared(machines[0]).once("retention", PERIOD, long)())
        await begun.wait()
        run_other = shared(machines[1]).once("retention", PERIOD, other)
        await let_pass(machines[0], PERIOD)
        await run_other()
        assert done == []

        may_end.set()
        await running
        await run_other()
        assert done == ["one", "other"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_chore_that_fails_is_free_for_the_next_period(database_url: str, tmp_path: Path) -> None:
    done: list[str] = []

    async def failing() -> None:
        raise StoreError("no space left")

    async def chore() -> None:
        done.append("done")

    async with two_machines(database_url, tmp_path) as machines:
        with pytest.raises(StoreError):
            await shared(machines[0]).once("repair", PERIOD, failing)()
        run_other = shared(machines[1]).once("repair", PERIOD, chore)
        await run_other()
        assert not done

        await let_pass(machines[0], PERIOD)
        await run_other()
        assert done


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_clock_that_was_put_back_stops_no_chore(database_url: str, tmp_path: Path) -> None:
    done: list[str] = []

    async def chore() -> None:
        done.append("done")

    async with open_desk(database_url, tmp_path) as runtime:
        run = shared(runtime).once("repair", PERIOD, chore)
        await run()
        await let_pass(runtime, -86400)
        await run()

    assert len(done) == 2


async def test_the_upkeep_passes_to_another_machine_when_a_run_has_ended(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_chores, "LOOK", 0.0)
    async with open_desk(database_url, tmp_path / "b") as other:
        later = shared(other)
        if database_url.startswith("sqlite"):
            assert await later.has_upkeep()  # there is one daemon
            return
        async with open_desk(database_url, tmp_path / "a") as one:
            first = shared(one)
            assert [await first.has_upkeep(), await later.has_upkeep()] == [True, False]
            assert [await first.has_upkeep(), await later.has_upkeep()] == [True, False]

        assert await later.has_upkeep()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_upkeep_of_a_killed_daemon_is_done_by_another(database_url: str, tmp_path: Path) -> None:
    def upkeep() -> str | None:
        query = "SELECT r.pid FROM chores c JOIN runs r ON r.id = c.run_id WHERE c.name = 'upkeep'"
        found = rows(database_url, query)
        return found[0][0] if found else None

    daemons = []
    try:
        for name in ("a", "b"):
            config = tmp_path / f"{name}.toml"
            config.write_text(
                f"state_dir = '{tmp_path}/{name}'\ndatabase_url = '{database_url}'\nlisten = '127.0.0.1:0'\n"
                "log_format = 'json'\nextractors = 1\n"
            )
            daemons.append(Daemon(config))
            daemons[-1].logged("started")
        eventually(lambda: upkeep() is not None, lambda: rows(database_url, "SELECT * FROM chores"))
        killed = next(one for one in daemons if one.process.pid == upkeep())
        [left] = [one for one in daemons if one is not killed]
        killed.kill()
        daemons.remove(killed)

        eventually(lambda: upkeep() == left.process.pid, lambda: rows(database_url, "SELECT * FROM chores"))
    finally:
        for daemon in daemons:
            assert daemon.end() == 0
