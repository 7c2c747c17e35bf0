"""Retention and the archive: bytes that are stored again while what refers to them is not committed yet stay."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from ingestd.archive.directory import DirectoryArchive
from ingestd.errors import ArchiveError
from ingestd.pipeline.retention import prune_database
from ingestd.settings import Settings
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.records import raws
from ingestd.store.schema import tables
from tests.archive.test_directory import make_older

BODY = b"<html>The same page as a hundred days ago."


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def commit(database: Database, stored: Any, at: datetime) -> None:
    async with database.write() as connection:
        await raws.add(connection, [stored], kind="page", now=at)


async def rows(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(tables.raws.c.sha256))).scalars())


async def prune(database: Database, archive: DirectoryArchive) -> None:
    await prune_database(database, archive, Settings(keep_pages="90d"), now=datetime.now(UTC))


async def put_long_ago(database: Database, root: Path) -> str:
    stored = await DirectoryArchive(root).put(BODY)
    await commit(database, stored, datetime.now(UTC) - timedelta(days=100))
    make_older(root, 100)
    return stored.sha256


async def test_old_bytes_go_with_their_row(database: Database, tmp_path: Path) -> None:
    name = await put_long_ago(database, tmp_path)
    archive = DirectoryArchive(tmp_path)

    await prune(database, archive)

    assert await rows(database) == []
    with pytest.raises(ArchiveError, match="missing"):
        await archive.get(name)


@pytest.mark.parametrize("commits_first", [True, False])
async def test_bytes_that_are_stored_again_stay(database: Database, tmp_path: Path, commits_first: bool) -> None:
    name = await put_long_ago(database, tmp_path)
    archive = DirectoryArchive(tmp_path)

    stored = await archive.put(BODY)
    if commits_first:
        await commit(database, stored, datetime.now(UTC))
    await prune(database, archive)
    if not commits_first:
        await commit(database, stored, datetime.now(UTC))

    assert await rows(database) == [name]
    assert await archive.get(name) == BODY
    await prune(database, archive)
    assert await archive.get(name) == BODY


async def test_a_document_that_becomes_a_page_is_kept_as_one(database: Database, tmp_path: Path) -> None:
    stored = await DirectoryArchive(tmp_path).put(BODY, "feed")
    async with database.write() as connection:
        await raws.add(connection, [stored], kind="feed", now=datetime.now(UTC))
        await raws.add(connection, [stored], kind="page", now=datetime.now(UTC))
        await raws.add(connection, [stored], kind="feed", now=datetime.now(UTC))
        assert (await connection.execute(select(tables.raws.c.kind))).scalars().all() == ["page"]


async def test_rows_are_deleted_by_their_keys(database: Database, tmp_path: Path) -> None:
    if database.dialect != "sqlite":
        pytest.skip("the planner of PostgreSQL knows how many rows there are")
    at = datetime.now(UTC) - timedelta(days=100)
    some = [{"sha256": f"{n:064}", "size": 1, "stored_size": 1, "kind": "page", "seen_at": at} for n in range(100)]
    plans: list[str] = []

    def explain(connection: Any, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("DELETE FROM raws"):
            plans.extend(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))

    async with database.write() as connection:
        await connection.execute(insert(tables.raws), some)
    event.listen(database._writer.sync_engine, "before_cursor_execute", explain)
    await prune(database, DirectoryArchive(tmp_path))

    assert await rows(database) == []
    assert plans
    assert not [plan for plan in plans if "raws_by_kind" in plan]
