"""Statements on SQLite: one visit to the connection's thread each, and transactions that begin with their first one."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ingestd.errors import StoreRefused, StoreUnavailable
from ingestd.store.database import Database
from ingestd.store.sqlite_driver import DriverConnection

INSERT = text("INSERT INTO words VALUES (:id, :word)")
COUNT = text("SELECT count(*) FROM words")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/a.db", connections=1) as database:
        await database.run_alone("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT)")
        async with database.read() as connection:
            await connection.execute(COUNT)
        yield database


@contextmanager
def visits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Yield the names of the functions that connections run in their threads."""
    found: list[str] = []
    execute = DriverConnection._execute

    async def note(self: DriverConnection, function: Callable[..., Any], *values: Any, **named: Any) -> Any:
        found.append(function.__name__)
        return await execute(self, function, *values, **named)  # type: ignore[no-untyped-call]

    with monkeypatch.context() as patch:
        patch.setattr(DriverConnection, "_execute", note)
        yield found


async def count(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(COUNT)).scalar_one())


async def test_each_statement_takes_one_visit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with visits(monkeypatch) as writing:
        async with database.write() as connection:
            await connection.execute(INSERT, {"id": 1, "word": "one"})
            await connection.execute(INSERT, [{"id": 2, "word": "two"}, {"id": 3, "word": "three"}])
            words = (await connection.execute(text("SELECT word FROM words ORDER BY id"))).scalars().all()
    with visits(monkeypatch) as reading:
        assert await count(database) == 3

    assert words == ["one", "two", "three"]
    assert writing == ["_run", "_run", "_run", "commit"]
    assert reading == ["_run", "rollback"]


async def test_a_transaction_without_a_statement_takes_none(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with visits(monkeypatch) as found:
        async with database.write(), database.read():
            pass

    assert found == []
    assert await count(database) == 0


async def test_rows_that_a_statement_returns_are_counted(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(INSERT, [{"id": number, "word": "old"} for number in range(3)])
        changed = await connection.execute(text("UPDATE words SET word = 'new' WHERE id > 0"))
        returned = await connection.execute(text("DELETE FROM words WHERE word = 'new' RETURNING id"))

    assert changed.rowcount == 2
    assert returned.scalars().all() == [1, 2]


async def test_a_failed_statement_leaves_the_transaction_to_its_block(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(INSERT, {"id": 1, "word": "one"})

    async def insert_two() -> None:
        async with database.write() as connection:
            await connection.execute(INSERT, {"id": 2, "word": "two"})
            await connection.execute(INSERT, {"id": 1, "word": "again"})

    with pytest.raises(StoreRefused):
        await insert_two()

    assert await count(database) == 1


async def test_what_follows_a_lock_that_was_not_to_be_had_does_not_run_without_a_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.store.sqlite_engine.BUSY_TIMEOUT", 0.01)
    file = tmp_path / "b.db"
    async with Database(f"sqlite+aiosqlite:///{file}") as database:
        await database.run_alone("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT)")
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        async def insert_twice() -> None:
            async with database.write() as connection:
                with pytest.raises(Exception, match="locked"):
                    await connection.execute(INSERT, {"id": 1, "word": "one"})
                other.execute("ROLLBACK")
                await connection.execute(INSERT, {"id": 2, "word": "two"})
                raise StoreUnavailable("the caller gives up")

        with pytest.raises(StoreUnavailable, match="gives up"):
            await insert_twice()
        other.close()

        assert await count(database) == 0


async def test_a_transaction_cancelled_at_its_first_statement_holds_no_lock(database: Database) -> None:
    """The statement that begins it still runs when the connection is given back."""
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"

    async def write() -> None:
        async with database.write() as connection:
            await connection.execute(text(f"{many} INSERT INTO words SELECT i, 'many' FROM n"))

    for turns in range(5):
        task = asyncio.create_task(write())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async with asyncio.timeout(60), database.write() as connection:
            await connection.execute(text("DELETE FROM words WHERE id < 0"))
        assert await count(database) == 0
