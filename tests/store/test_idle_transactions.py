"""A process that is stopped, or cut off, in the middle of a transaction keeps its locks for a short time only."""

import pytest
from sqlalchemy import text

from ingestd.errors import StoreError
from ingestd.settings.values import with_async_driver
from ingestd.store import database as databases
from ingestd.store.database import Database
from ingestd.store.outages import OutageLog


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_server_ends_a_transaction_on_which_nothing_happens(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "IDLE_TRANSACTION", 1)
    url = with_async_driver(database_url)
    async with Database(url, outages=OutageLog()) as stopped, Database(url) as other:
        with pytest.raises(StoreError):
            await lock_while_another_waits(stopped, other)

        async with stopped.write() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


async def lock_while_another_waits(stopped: Database, other: Database) -> None:
    async with stopped.write() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        async with other.write() as waiting:
            await waiting.execute(text("SELECT pg_advisory_xact_lock(1)"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_command_may_wait_for_whoever_reads_it(database_url: str) -> None:
    async with Database(with_async_driver(database_url)) as database, database.read() as connection:
        limit = "SELECT current_setting('idle_in_transaction_session_timeout')"
        assert (await connection.execute(text(limit))).scalar_one() == "0"
