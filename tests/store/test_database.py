import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text, update

from ingestd.errors import SchemaMismatch, StoreUnavailable
from ingestd.settings.values import with_async_driver
from ingestd.store import sqlite_engine
from ingestd.store.database import Database
from ingestd.store.schema.tables import installation
from ingestd.store.sqlite_driver import DriverConnection
from ingestd.store.transfer import copy_state
from tests.daemon.services import Hung


async def test_connect_timeout_of_the_url_limits_the_wait_for_a_hung_server() -> None:
    async with Hung.open() as hung:
        url = f"postgresql+psycopg://ingestd:secret@127.0.0.1:{hung.port}/news?connect_timeout=2"
        async with Database(url) as database:
            with pytest.raises(StoreUnavailable, match="timeout") as caught:
                await database.ping()

    assert "secret" not in str(caught.value)


async def test_connections_use_keepalives_to_detect_a_vanished_server(postgresql_server: str) -> None:
    url = postgresql_server.replace("postgresql://", "postgresql+psycopg://")
    async with Database(url) as database, database.read() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        parameters = driver.info.get_parameters()

    assert (parameters["connect_timeout"], parameters["keepalives_idle"]) == ("10", "30")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_sessions_that_began_read_only_are_replaced(database_url: str) -> None:
    """ALTER DATABASE changes new sessions only, so without that the pool would stay read-only for ever."""
    with psycopg.connect(database_url, autocommit=True) as admin:
        name = sql.Identifier(admin.info.dbname)
        admin.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
        async with Database(with_async_driver(database_url)) as database:
            for _ in range(2):
                with pytest.raises(StoreUnavailable, match="read-only transaction"):
                    await write(database)
            admin.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name))

            await write(database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_connection_of_sqlite_writes_each_commit_to_the_disk(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build of SQLite may have another default (SQLITE_DEFAULT_SYNCHRONOUS); FULL is 2."""

    class WithAnotherDefault(sqlite_engine.Connection):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.execute("PRAGMA synchronous = OFF")

    monkeypatch.setattr(sqlite_engine, "Connection", WithAnotherDefault)
    async with Database(with_async_driver(database_url), connections=2) as database:
        assert database._checkpoints
        engines = {"reader": database._reader, "writer": database._writer, "checkpoints": database._checkpoints._engine}
        for name, engine in engines.items():
            async with engine.connect() as first:
                assert (name, (await first.execute(text("PRAGMA synchronous"))).scalar()) == (name, 2)
        async with database.read() as one, database.read() as other:
            for connection in (one, other):
                assert (await connection.execute(text("PRAGMA synchronous"))).scalar() == 2


async def test_a_cancelled_transaction_holds_no_lock(database_url: str) -> None:
    """The traceback of the cancellation keeps the cursor of a statement that has more rows."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"

    async def read_and_write(database: Database, started: asyncio.Event) -> None:
        async with database.write() as connection:
            await connection.execute(update(installation).values(data_version=1))
            started.set()
            await connection.execute(text(f"{numbers} SELECT count(*) FROM n UNION ALL SELECT 2"))

    async with Database(with_async_driver(database_url)) as database:
        for moment in (0, 0.01, 0.1):
            started = asyncio.Event()
            task = asyncio.create_task(read_and_write(database, started))
            await started.wait()
            await asyncio.sleep(moment)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as kept:
                await task

            async with asyncio.timeout(60):
                await write(database)
            assert kept.tb


async def write(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(update(installation).values(data_version=1))


async def test_data_of_a_newer_program_is_refused(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        await copy_state.refuse_unfinished(database)
        async with database.write() as connection:
            await connection.execute(update(installation).values(data_version=99))
        with pytest.raises(SchemaMismatch, match=r"data of version 99.*run the newer ingestd"):
            await copy_state.refuse_unfinished(database)


#: Runs for days, unless it is interrupted.
ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e12) SELECT max(i) FROM n")


@pytest.mark.parametrize("first", ["the reader", "what closes its connection"])
async def test_a_reader_that_is_cancelled_twice_ends_at_once(tmp_path: Path, first: str) -> None:
    """As at the end of the program, which cancels all tasks in no particular order."""
    others = asyncio.all_tasks()
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/ingestd.db") as database:
        begun = asyncio.Event()

        async def read() -> None:
            async with database.read() as connection:
                begun.set()
                await connection.execute(ENDLESS)

        reader = asyncio.create_task(read())
        await begun.wait()
        await asyncio.sleep(0.05)  # the statement runs in the driver's thread
        reader.cancel()
        for _ in range(5):
            await asyncio.sleep(0)  # SQLAlchemy starts a task that closes the connection
        closing = asyncio.all_tasks() - others - {reader}
        for task in (reader, *closing) if first == "the reader" else (*closing, reader):
            task.cancel()

        await asyncio.wait({reader, *closing})


async def test_a_connection_is_closed_while_a_statement_runs_and_more_than_once(tmp_path: Path) -> None:
    driver = await DriverConnection(str(tmp_path / "one.db"))
    statement = asyncio.create_task(driver.cursor().execute(str(ENDLESS)))
    await asyncio.sleep(0.05)

    stopped = driver.stop()
    await driver.close()

    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await statement
    assert stopped is not None
    assert stopped.done()


async def test_the_caches_of_sqlite_are_small_and_the_connection_used_last_is_used_again(tmp_path: Path) -> None:
    kib = []
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/ingestd.db", connections=3) as database:
        async with database.read() as one, database.read() as two, database.read() as three, database.write() as writer:
            kib = [-(await each.execute(text("PRAGMA cache_size"))).scalar_one() for each in (one, two, three, writer)]
            last = (await three.get_raw_connection()).driver_connection
        for connection in (one, two, three):
            assert connection.closed
        async with database.read() as first, database.read() as second:
            used = [(await each.get_raw_connection()).driver_connection for each in (first, second)]

    assert kib == [4_000, 4_000, 4_000, 16_000]
    assert last not in used  # it was given back first
