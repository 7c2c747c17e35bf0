"""A database that was put back by other means than `ingestd db restore` begins a new epoch of the event log."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from ingestd.delivery.epoch import SeenEvents
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.schema import tables
from tests.support.outcomes import keep_texts


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        await keep_texts(database, "https://one.example/feed", "Story 1", "Story 2")
        yield database


def put_back(copy: Path, file: Path) -> None:
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()
    shutil.copyfile(copy, file)


async def epoch(database: Database) -> str:
    async with database.read() as connection:
        return (await event_log.read_range(connection)).epoch


async def test_a_log_with_fewer_events_than_were_seen_has_a_new_epoch(database: Database, tmp_path: Path) -> None:
    async with SeenEvents(database, tmp_path):
        before = await epoch(database)
        await keep_texts(database, "https://two.example/feed", "Story 3")
    async with database.write() as connection:
        await connection.execute(delete(tables.events).where(tables.events.c.seq == 3))
        last = update(tables.last_numbers).where(tables.last_numbers.c.name == "event")
        await connection.execute(last.values(number=2))

    await SeenEvents(database, tmp_path).begin()

    renewed = await epoch(database)
    assert renewed != before
    await SeenEvents(database, tmp_path).begin()
    assert await epoch(database) == renewed, "it is renewed once"


async def test_an_old_copy_of_the_file_has_a_new_epoch(tmp_path: Path, sqlite_template: Path) -> None:
    file, copy = tmp_path / "ingestd.db", tmp_path / "copy.db"
    shutil.copyfile(sqlite_template, file)
    shutil.copyfile(file, copy)
    async with Database(f"sqlite+aiosqlite:///{file}") as database:
        await keep_texts(database, "https://one.example/feed", "Story 1")
        await SeenEvents(database, tmp_path).begin()
        before = await epoch(database)
    put_back(copy, file)
    async with Database(f"sqlite+aiosqlite:///{file}") as database:
        await SeenEvents(database, tmp_path).begin()
        assert await epoch(database) != before


async def test_a_log_that_has_grown_keeps_its_epoch(database: Database, tmp_path: Path) -> None:
    await SeenEvents(database, tmp_path).begin()
    before = await epoch(database)
    await keep_texts(database, "https://two.example/feed", "Story 3")
    async with database.write() as connection:  # retention: the log has fewer rows, and the same last number
        await connection.execute(delete(tables.events))
    await SeenEvents(database, tmp_path).begin()
    assert await epoch(database) == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"epoch": 1}', b'{"epoch": "x", "seq": "many"}'])
async def test_a_damaged_note_is_written_anew(database: Database, tmp_path: Path, content: bytes) -> None:
    before = await epoch(database)
    (tmp_path / "events.json").write_bytes(content)
    await SeenEvents(database, tmp_path).begin()
    assert await epoch(database) == before
    assert b'"seq": 2' in (tmp_path / "events.json").read_bytes()
