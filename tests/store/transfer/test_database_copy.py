import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.delivery import pulling
from ingestd.errors import StoreError
from ingestd.settings.values import with_async_driver
from ingestd.store import tokens
from ingestd.store.consumers import consumers
from ingestd.store.database import Database
from ingestd.store.schema.tables import decisions, entries, metadata, runs, sources
from ingestd.store.transfer import database_copy, table_copy
from ingestd.store.transfer.database_copy import TableCopy
from tests.conftest import LendDatabase
from tests.support.generated_rows import fill
from tests.support.outcomes import NOON, keep_texts

ROWS = 23


@pytest.fixture(params=["sqlite to postgresql", "postgresql to sqlite", "sqlite to sqlite", "postgresql to postgresql"])
def urls(request: pytest.FixtureRequest, lend_database: LendDatabase, tmp_path: Path) -> Iterator[list[str]]:
    """URLs of two empty databases, the source and the target of a copy."""
    with ExitStack() as stack:
        found = []
        for number, kind in enumerate(request.param.split(" to ")):
            folder = tmp_path / str(number)
            folder.mkdir()
            found.append(with_async_driver(stack.enter_context(lend_database(kind, folder))))
        yield found


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_copy, "BATCH", 7)


async def contents(database: Database) -> dict[str, list[dict[str, object]]]:
    found = {}
    async with database.read() as connection:
        for table in database_copy.tables():
            rows = (await connection.execute(select(table))).mappings()
            found[table.name] = sorted(
                ({name: value for name, value in row.items() if name not in ("run_id", "copy_state")} for row in rows),
                key=str,
            )
    return found


async def test_a_copy_has_every_row_of_every_table(urls: list[str]) -> None:
    seen: list[TableCopy] = []
    async with Database(urls[0]) as source, Database(urls[1]) as target:
        async with source.write() as connection:
            await fill(connection, rows=ROWS)

        done = await database_copy.copy(source, target, on_progress=seen.append)

        assert await contents(target) == await contents(source)
        async with target.read() as connection:
            assert (await connection.execute(select(func.count()).select_from(runs))).scalar_one() == 0
            assert (await connection.execute(select(sources.c.id).where(sources.c.run_id.is_not(None)))).first() is None
    assert {one.table for one in done} == metadata.tables.keys() - {"runs", "nodes", "chores", "conversions"}
    assert all(one.verified and one.rows == one.written == ROWS for one in done)
    assert [one.rows for one in seen if one.table == "sources"] == [7, 14, 21, 23]


async def test_readers_of_a_consumer_go_on_in_the_copy(urls: list[str]) -> None:
    now = NOON + timedelta(seconds=5)
    async with Database(urls[0]) as source, Database(urls[1]) as target:
        await keep_texts(source, "https://one.example/feed", "Story 1", "Story 2", "Story 3")
        async with source.write() as connection:
            await consumers.add(connection, name="desk", kind="pull", form="thin", after=0, now=NOON)
        held = await pulling.hand_out(source, "desk", limit=2, seconds=60, now=NOON)
        await database_copy.copy(source, target, on_progress=lambda _: None)
        rest = await pulling.hand_out(target, "desk", limit=9, seconds=60, now=now)
        assert held.lease
        assert rest.lease

        for lease in (rest.lease, held.lease):
            done = await pulling.acknowledge(target, "desk", lease.token, now=now)

    assert [one.event.seq for one in held.messages] == [1, 2]
    assert [(one.event.seq, one.id.rpartition("-")[0]) for one in rest.messages] == [(3, held.consumer.epoch)]
    assert done.consumer.cursor == 3


@pytest.mark.parametrize("name", ["consumers", "tokens"])
async def test_a_database_with_consumers_or_tokens_is_not_empty(database_url: str, name: str) -> None:
    async with Database(with_async_driver(database_url)) as database:
        assert await database_copy.is_empty(database)
        async with database.write() as connection:
            if name == "consumers":
                await consumers.add(connection, name="desk", kind="pull", now=NOON)
            else:
                await tokens.add(connection, "desk", role="read", now=NOON)

        assert not await database_copy.is_empty(database)


async def test_a_copy_continues_the_numbers_of_its_source(urls: list[str]) -> None:
    async with Database(urls[0]) as source, Database(urls[1]) as target:
        async with source.write() as connection:
            await fill(connection, rows=ROWS)
        await database_copy.copy(source, target, on_progress=lambda _: None)

        async with target.write() as connection:
            row = {"at": func.current_timestamp(), "entry_id": 1, "stage": "limit", "verdict": "x", "reason": "x"}
            number = (await connection.execute(insert(decisions).values(row).returning(decisions.c.id))).scalar_one()

    assert number == ROWS + 1


async def test_a_second_copy_writes_the_differences_only(urls: list[str]) -> None:
    async with Database(urls[0]) as source, Database(urls[1]) as target:
        async with source.write() as connection:
            await fill(connection, rows=ROWS)
        await database_copy.copy(source, target, on_progress=lambda _: None)
        async with target.write() as connection:  # a row changed, one missing
            await connection.execute(update(entries).where(entries.c.id == 3).values(guid="another"))
            await connection.execute(delete(decisions).where(decisions.c.id == 5))
        async with source.write() as connection:  # a row that only the target has
            await connection.execute(delete(decisions).where(decisions.c.id == 9))

        done = {one.table: one for one in await database_copy.copy(source, target, on_progress=lambda _: None)}

        assert await contents(target) == await contents(source)
    assert (done["entries"].written, done["decisions"].written, done["decisions"].deleted) == (1, 1, 1)
    assert sum(one.written + one.deleted for one in done.values()) == 3


async def test_a_copy_is_of_one_moment(urls: list[str]) -> None:
    async with Database(urls[0]) as source, Database(urls[1]) as target:
        async with source.write() as connection:
            await fill(connection, rows=ROWS)
        before = await contents(source)
        writing: list[asyncio.Task[None]] = []

        async def write() -> None:
            async with source.write() as connection:
                await connection.execute(delete(decisions))
                await connection.execute(update(sources).values(title="changed during the copy"))

        def on_progress(_: TableCopy) -> None:
            if not writing:
                writing.append(asyncio.create_task(write()))

        await database_copy.copy(source, target, on_progress=on_progress)
        await writing[0]

        assert await contents(target) == before


async def test_a_row_that_changes_in_the_copy_meanwhile_is_an_error(urls: list[str]) -> None:
    async with Database(urls[0]) as source, Database(urls[1]) as target:
        async with source.write() as connection:
            await fill(connection, rows=ROWS)
        original = table_copy.set_sequence

        async def and_change(connection: AsyncConnection, table: Table) -> None:
            await original(connection, table)
            await connection.execute(update(sources).where(sources.c.id == 2).values(title="x"))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(table_copy, "set_sequence", and_change)
            with pytest.raises(StoreError, match="sources: the row with id 2 differs in the copy"):
                await database_copy.copy(source, target, on_progress=lambda _: None)
