"""Each class of database errors, provoked on a real PostgreSQL server and in real SQLite files."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreConflict, StoreCorrupt, StoreError, StoreRefused, StoreUnavailable
from ingestd.store.database import Database
from ingestd.store.database_errors import store_errors
from tests.support.databases import database_at
from tests.support.shared_server import Databases


@pytest.fixture
async def postgresql(postgresql_databases: Databases) -> AsyncIterator[Database]:
    url = postgresql_databases.take()
    async with Database(url.replace("postgresql://", "postgresql+psycopg://")) as database:
        yield database
    postgresql_databases.give_back(url)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "news.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE)")
        connection.executemany("INSERT INTO words (word) VALUES (?)", [(f"{n:0200}",) for n in range(500)])
    connection.close()
    return path


def sqlite(file: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{file}")


async def write(database: Database, *statements: str, **values: object) -> None:
    async with database.write() as connection:
        await run(connection, *statements, **values)


async def run(connection: AsyncConnection, *statements: str, **values: object) -> None:
    for statement in statements:
        await connection.execute(text(statement), values)


async def error_of(database: Database, *statements: str, **values: object) -> StoreError:
    with pytest.raises(StoreError) as caught:
        await write(database, *statements, **values)
    return caught.value


@pytest.mark.parametrize(
    ("before", "statement", "kind"),
    [
        ("SET TRANSACTION READ ONLY", "DELETE FROM sites", StoreUnavailable),
        ("SET LOCAL statement_timeout = 10", "SELECT pg_sleep(5)", StoreUnavailable),
        ("SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())", StoreUnavailable),
        ("CREATE ROLE reader; SET LOCAL ROLE reader", "DELETE FROM sites", StoreUnavailable),
        ("SELECT 1", "DO $$ BEGIN RAISE disk_full; END $$", StoreUnavailable),
        ("SELECT 1", "DO $$ BEGIN RAISE too_many_connections; END $$", StoreUnavailable),
        ("SELECT 1", "DO $$ BEGIN RAISE io_error; END $$", StoreUnavailable),
        ("SELECT 1", "DO $$ BEGIN RAISE serialization_failure; END $$", StoreConflict),
        ("SELECT 1", "DO $$ BEGIN RAISE data_corrupted; END $$", StoreCorrupt),
        ("SELECT 1", "DO $$ BEGIN RAISE index_corrupted; END $$", StoreCorrupt),
        ("SELECT 1", "SELECT 1 / 0", StoreRefused),
        ("SELECT 1", "SELECT * FROM missing", StoreRefused),
        ("SELECT 1", "SELECT missing FROM sites", StoreRefused),
        ("SELECT 1", "INSERT INTO sites (site) VALUES ('a.example')", StoreRefused),
        ("SELECT 1", "DO $$ BEGIN RAISE; END $$", StoreRefused),
    ],
)
async def test_postgresql_errors_are_judged_by_sqlstate(
    postgresql: Database, before: str, statement: str, kind: type[StoreError]
) -> None:
    assert type(await error_of(postgresql, *before.split(";"), statement)) is kind
    await postgresql.ping()


async def test_a_row_too_long_for_an_index_is_refused(postgresql: Database) -> None:
    long = "".join(Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=8000))
    insert = "INSERT INTO robots_files (origin, verdict, body, until) VALUES (:origin, 'allow', '', now())"

    error = await error_of(postgresql, insert, origin=long)

    assert type(error) is StoreRefused
    assert long[:50] not in str(error)


async def test_a_lock_timeout_is_unavailable(postgresql: Database) -> None:
    async with postgresql.write() as other:
        await run(other, "LOCK TABLE sites")
        error = await error_of(postgresql, "SET LOCAL lock_timeout = 50", "DELETE FROM sites")

    assert type(error) is StoreUnavailable


async def test_a_deadlock_is_a_conflict(postgresql: Database) -> None:
    both = asyncio.Barrier(2)

    async def lock(*tables: str) -> None:
        async with postgresql.write() as connection:
            await run(connection, "SET LOCAL deadlock_timeout = 50", f"LOCK TABLE {tables[0]}")
            await both.wait()
            await run(connection, f"LOCK TABLE {tables[1]}")

    found = await asyncio.gather(lock("sites", "runs"), lock("runs", "sites"), return_exceptions=True)

    assert [type(one) for one in found if one] == [StoreConflict]


async def test_a_server_that_refuses_connections_is_unavailable(postgresql_server: str) -> None:
    for url, hint in (
        (database_at(postgresql_server, "missing"), "; create it, or correct its name in database_url"),
        ("postgresql://127.0.0.1:1/news", "; start the server, or correct its address in database_url"),
        ("postgresql://database.invalid/news", "; correct the host in database_url"),
    ):
        async with Database(url.replace("postgresql://", "postgresql+psycopg://")) as database:
            with pytest.raises(StoreUnavailable) as caught:
                await database.ping()
        assert str(caught.value).endswith(hint)


class Raised(Exception):
    """An error of a driver, with its code."""

    def __init__(self, words: str = "it failed", *, state: str | None = None, code: int | None = None) -> None:
        super().__init__(words)
        self.sqlstate, self.sqlite_errorcode = state, code


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (Raised('FATAL: password authentication failed for user "news"'), "correct the user and the password"),
        (Raised("fe_sendauth: no password supplied"), "add the password"),
        (Raised('FATAL: role "news" does not exist'), "create it"),
        (Raised(state="28P01"), "correct the user and the password"),
        (Raised(state="42501"), "grant it to the user"),
        (Raised(state="53100"), "free some space on the server's disk"),
        (Raised(state="53300"), "raise max_connections"),
        (Raised(code=sqlite3.SQLITE_FULL), "free some space"),
        (Raised(code=sqlite3.SQLITE_IOERR_WRITE), "its disk is full or fails"),
        (Raised(code=sqlite3.SQLITE_READONLY_DBMOVED), "make the file and its directory writable"),
        (Raised(code=sqlite3.SQLITE_BUSY), "another program has locked the file"),
        (Raised(code=sqlite3.SQLITE_CANTOPEN), "its directory must exist"),
    ],
    ids=lambda value: f"{value} {value.sqlstate} {value.sqlite_errorcode}" if isinstance(value, Raised) else "",
)
def test_the_message_says_what_to_do(error: Raised, hint: str) -> None:
    with pytest.raises(StoreError) as caught, store_errors():
        raise OperationalError("SELECT 1", {}, error)

    assert f"; {hint}" in str(caught.value)


async def test_writes_see_what_others_committed_whatever_the_default_isolation_is(postgresql: Database) -> None:
    async with postgresql.read() as connection:
        name = (await connection.execute(text("SELECT current_database()"))).scalar_one()
    async with postgresql.write() as connection:
        for setting in ("default_transaction_isolation = 'repeatable read'", "DateStyle = 'German'"):
            await connection.execute(text(f'ALTER DATABASE "{name}" SET {setting}'))
    try:
        await postgresql._writer.dispose()
        async with postgresql.write() as connection:
            found = [
                (await connection.execute(text(f"SHOW {name}"))).scalar_one()
                for name in ("transaction_isolation", "DateStyle", "TimeZone")
            ]
    finally:
        async with postgresql.write() as connection:
            await connection.execute(text(f'ALTER DATABASE "{name}" RESET ALL'))

    assert found == ["read committed", "ISO, DMY", "UTC"]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM missing",
        "SELECT missing FROM words",
        "INSERT INTO words (word) VALUES (NULL)",
        "INSERT INTO words (id, word) VALUES (1, 'again')",
        "SELECT zeroblob(3000000000)",
    ],
)
async def test_sqlite_refuses_statements_and_values(file: Path, statement: str) -> None:
    async with sqlite(file) as database:
        assert type(await error_of(database, statement)) is StoreRefused


async def test_an_sqlite_file_that_is_full_is_unavailable(file: Path) -> None:
    async with sqlite(file) as database:
        insert = "INSERT INTO words (word) VALUES (hex(randomblob(1000000)))"
        error = await error_of(database, "PRAGMA max_page_count = 1", insert)

    assert type(error) is StoreUnavailable
    assert "full; free some space" in str(error)


async def test_an_sqlite_file_that_another_process_locks_is_unavailable(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.store.sqlite_engine.BUSY_TIMEOUT", 0.05)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with sqlite(file) as database:
        error = await error_of(database, "DELETE FROM words")
    other.close()

    assert type(error) is StoreUnavailable


async def test_an_sqlite_file_that_cannot_be_opened_or_written_is_unavailable(file: Path, tmp_path: Path) -> None:
    async with sqlite(tmp_path / "missing" / "news.db") as database:
        assert type(await error_of(database, "SELECT 1")) is StoreUnavailable
    async with sqlite(file) as database:
        assert type(await error_of(database, "PRAGMA query_only = ON", "DELETE FROM words")) is StoreUnavailable


def damage(file: Path, start: int) -> None:
    body = file.read_bytes()
    file.write_bytes(body[:start] + b"\xff" * (len(body) - start))


@pytest.mark.parametrize("start", [0, 4096])
async def test_a_damaged_sqlite_file_is_corrupt(file: Path, start: int) -> None:
    damage(file, start)
    async with sqlite(file) as database:
        assert type(await error_of(database, "SELECT count(word) FROM words")) is StoreCorrupt
