"""Checkpoints of SQLite's write-ahead log: not by the commit that fills it, and all of it, so that it stays small."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestd.store import checkpoints
from ingestd.store.database import Database
from tests.support.loop_clock import LoopClock, until

#: Bytes of a row: with a hundred of them, more than 1,000 pages.
ROW = 50_000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/a.db") as database:
        await database.run_alone("CREATE TABLE t (a BLOB)")
        yield database


async def write(database: Database, rows: int) -> None:
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO t VALUES (zeroblob(:size))"), [{"size": ROW}] * rows)


async def test_no_commit_copies_the_log_and_a_task_does_soon(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loop_clock: LoopClock
) -> None:
    monkeypatch.setattr(checkpoints, "_DELAY", 600.0)
    file = tmp_path / "a.db"

    await write(database, 100)
    before = file.stat().st_size
    await write(database, 1)

    assert before < ROW
    assert file.stat().st_size == before
    loop_clock.skip(600)
    await until(lambda: file.stat().st_size >= 100 * ROW)


async def test_the_log_begins_anew_although_others_write_all_the_time(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_DELAY", 0.05)

    for _ in range(200):
        await write(database, 10)
        await asyncio.sleep(0.01)

    assert (tmp_path / "a.db-wal").stat().st_size < 200 * 10 * ROW / 2
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM t"))).scalar_one() == 2000
