"""The parts of PostgreSQL's full-text index have what its rows had, whatever is removed or killed meanwhile."""

import asyncio
import threading
from collections.abc import AsyncIterator, Collection
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.operations import search_blocks, search_upkeep
from ingestd.store.operations.search_upkeep import SearchUpkeep
from ingestd.store.records import postings, search_index, search_parts
from ingestd.store.records.search import search
from ingestd.store.schema import migrate, tables
from tests.conftest import LendDatabase
from tests.support.outcomes import keep_texts

COUNT = 60


@pytest.fixture
async def database(
    lend_database: LendDatabase, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    """A database of PostgreSQL with COUNT records, whose parts begin with four revisions."""
    monkeypatch.setattr(search_upkeep, "WAITING", 4)
    monkeypatch.setattr(search_upkeep, "_MOST_ROWS", 4)
    monkeypatch.setattr(search_blocks, "BLOCKS", 2)
    monkeypatch.setattr(postings, "_SIZE", 200)
    with lend_database("postgresql", tmp_path) as url:
        async with Database(with_async_driver(url)) as database:
            texts = [f"The ferry {n} was counted twice in Zürich, and raft {n % 7} sank" for n in range(1, COUNT + 1)]
            await keep_texts(database, "https://paper.example/feed", *texts)
            yield database


async def found(database: Database, query: str) -> list[int]:
    async with database.read() as connection:
        return sorted(record.id for record in await search(connection, query, limit=1000))


async def count(database: Database, what: str) -> int:
    async with database.read() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {what}"))).scalar_one())


async def remove(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Remove revisions from the index, of records whose current revision is another one from now on."""
    await connection.execute(update(tables.records).where(tables.records.c.id.in_(ids)).values(revision=2))
    await search_index.remove(connection, ids)


QUERIES = ["ferry", "ferry 7", "raft 3", '"raft 3"', "zurich", "zur*", "fer* 1*", '"counted twice"', "boat", "7"]


async def test_merged_parts_find_what_the_rows_found(database: Database) -> None:
    before = {query: await found(database, query) for query in QUERIES}
    assert before["ferry"] == [*range(1, COUNT + 1)]
    assert before["boat"] == []

    await SearchUpkeep(database).run(waiting=4)

    assert await count(database, "record_search") == 0
    assert await count(database, "record_search_parts") == 6  # of 16 three, of 4 three
    assert {query: await found(database, query) for query in QUERIES} == before


async def test_removed_revisions_leave_a_part_when_it_is_merged_or_many_are_gone(database: Database) -> None:
    upkeep = SearchUpkeep(database, look_every=0)
    await upkeep.run(waiting=4)
    async with database.write() as connection:
        await remove(connection, range(1, 50))

    assert await found(database, "raft 3") == [52, 59]
    for _ in range(8):
        await upkeep.run(waiting=4)

    async with database.read() as connection:
        members = (await connection.execute(text("SELECT members FROM record_search_parts"))).scalars().all()
    left = sorted(number for packed in members for number in postings.unpack_numbers(packed))
    assert left == [*range(49, COUNT + 1)] or left == [*range(50, COUNT + 1)]
    assert await count(database, "record_search_parts") <= 4


async def test_what_is_purged_leaves_the_parts_at_once(database: Database) -> None:
    upkeep = SearchUpkeep(database)
    await upkeep.run(waiting=4)
    async with database.write() as connection:
        await remove(connection, [21, 22])
        await search_parts.mark_for_erasure(connection, [21, 22])

    await upkeep.erase()

    async with database.read() as connection:
        rows = (await connection.execute(text("SELECT part, block FROM record_search_blocks"))).all()
        marked = await connection.execute(text("SELECT count(*) FROM record_search_parts WHERE must_be_rewritten"))
        assert marked.scalar_one() == 0
    numbers = {number for row in rows for _, some in postings.lookup(bytes(row.block)) for number in some}
    assert numbers == {*range(1, COUNT + 1)} - {21, 22}
    assert await found(database, "ferry") == [one for one in range(1, COUNT + 1) if one not in (21, 22)]


@pytest.mark.parametrize("step", ["write_blocks", "_add_part", "_pack"])
async def test_a_killed_upkeep_loses_nothing(database: Database, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    calls, original = [0], getattr(search_upkeep, step)

    def killed(*arguments: Any) -> Any:
        calls[0] += 1
        if calls[0] % 3 == 0:
            raise asyncio.CancelledError
        return original(*arguments)

    monkeypatch.setattr(search_upkeep, step, killed)
    for _ in range(60):
        try:
            await SearchUpkeep(database).run(waiting=4)
        except asyncio.CancelledError:
            assert await found(database, "raft 3") == [one for one in range(1, COUNT + 1) if one % 7 == 3]
    monkeypatch.undo()

    await SearchUpkeep(database).run(waiting=1)

    assert await found(database, "ferry") == [*range(1, COUNT + 1)]
    leftovers = "record_search_blocks WHERE part NOT IN (SELECT id FROM record_search_parts)"
    assert await count(database, leftovers) == 0


async def test_two_daemons_do_not_disturb_each_other_or_searches(database: Database) -> None:
    async def search_always() -> None:
        while not done.is_set():
            assert await found(database, '"raft 3"') == [one for one in range(1, COUNT + 1) if one % 7 == 3]

    done = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(search_always())
        for _ in range(3):
            await asyncio.gather(SearchUpkeep(database).run(waiting=1), SearchUpkeep(database).run(waiting=1))
        done.set()
    assert await count(database, "record_search") == 0


async def test_rows_removed_before_they_are_moved_are_not_found(database: Database) -> None:
    async with database.write() as connection:
        await remove(connection, [3])
    await SearchUpkeep(database).run(waiting=1)

    async with database.read() as connection:
        assert await search_index.indexed(connection, [2, 3, 4]) == {2, 4}
    assert 3 not in await found(database, "ferry")


async def test_the_index_of_an_older_release_is_searched_until_its_rows_are_in_parts(
    lend_database: LendDatabase, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_upkeep, "WAITING", 4)
    with lend_database("postgresql", tmp_path) as url:
        async with Database(with_async_driver(url)) as database:
            await keep_texts(database, "https://paper.example/feed", *(f"The ferry {n}" for n in range(1, 31)))
            await _back_to_the_older_schema(database)
            config = migrate._config()
            with migrate._engine(url) as engine, engine.begin() as connection:
                config.attributes["connection"] = connection
                command.stamp(config, "0019")
            await migrate.upgrade(url)
            assert await count(database, "pg_indexes WHERE indexname = 'record_search_terms'") == 1
            assert await found(database, '"the ferry" 7') == [7]

            await SearchUpkeep(database).run(waiting=4)

            assert await count(database, "pg_indexes WHERE indexname = 'record_search_terms'") == 0
            assert await found(database, '"the ferry" 7') == [7]
            async with database.read() as connection:
                assert (await connection.execute(select(tables.conversions))).all() == []


async def test_no_transaction_is_open_while_the_upkeep_computes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server would end it after `idle_in_transaction_session_timeout`, and VACUUM would spare what it may see."""
    url = database._writer.url.render_as_string(hide_password=False).replace("+psycopg", "")
    idle = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
    computed, open_ = [0], list[str]()
    original = asyncio.to_thread

    async def to_thread(*arguments: Any) -> Any:
        computed[0] += 1
        open_.extend(row[0] for row in observer.execute(idle).fetchall())
        return await original(*arguments)

    with psycopg.connect(url, autocommit=True) as observer:
        monkeypatch.setattr(asyncio, "to_thread", to_thread)
        upkeep = SearchUpkeep(database, look_every=0)
        await upkeep.run(waiting=4)
        async with database.write() as connection:
            await remove(connection, range(1, 20))
            await search_parts.mark_for_erasure(connection, range(1, 20))
        await upkeep.erase()
        await upkeep.run(waiting=4)

    assert computed[0] > 30
    assert open_ == []


async def test_a_cancelled_upkeep_keeps_no_lock(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work = asyncio.Event()

    async def to_thread(*_: Any) -> Any:
        at_work.set()
        await asyncio.Event().wait()

    for _ in range(12):  # more than the pool has connections
        at_work.clear()
        with monkeypatch.context() as patched:
            patched.setattr(asyncio, "to_thread", to_thread)
            task = asyncio.create_task(SearchUpkeep(database).run(waiting=4))
            await at_work.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async with asyncio.timeout(30):
        await SearchUpkeep(database).erase()  # it waits for the lock
        await SearchUpkeep(database).run(waiting=4)
    assert await count(database, "record_search") == 0


async def test_many_blocks_of_a_prefix_are_unpacked_outside_the_event_loop(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await SearchUpkeep(database).run(waiting=4)
    monkeypatch.setattr(search_parts, "_SLICE", 1)
    slices: list[int] = []
    original = search_parts._look_up

    def look_up(blocks: Any, *arguments: Any) -> None:
        assert threading.current_thread() is not threading.main_thread()
        slices.append(len(blocks))
        original(blocks, *arguments)

    monkeypatch.setattr(search_parts, "_look_up", look_up)
    async with database.read() as connection:
        found = await search_parts.hits(connection, [("f", True)])

    assert found.keys() == {*range(1, COUNT + 1)}
    assert len(slices) >= 6  # a block or two in each of the parts
    assert max(slices) == 1


async def test_a_prefix_of_too_many_words_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await SearchUpkeep(database).run(waiting=4)
    monkeypatch.setattr(search_parts, "MAX_BLOCKS", 8)

    with pytest.raises(UsageError, match=r"f\*, t\* stands for too many words; write more letters before the \*"):
        await found(database, "f* t*")

    assert await found(database, "ferry 7") == [7]  # words have a block or two in each part, whatever their number


async def _back_to_the_older_schema(database: Database) -> None:
    async with database.write() as connection:
        for statement in (
            "DROP TABLE record_search_parts, record_search_blocks",
            "DROP SEQUENCE record_search_part_numbers",
            f"CREATE INDEX record_search_terms ON record_search USING gin ({search_parts._VECTOR})",
        ):
            await connection.execute(text(statement))


def test_blocks_hold_what_was_packed() -> None:
    items: list[tuple[str, list[int]]] = [
        (f"{word}{mark}", numbers)
        for word, numbers in (("a", [7, 8, 2**32]), ("b", [7]), ("東京", [9, 70_000]), ("z", [*range(7, 3000)]))
        for mark in ("", postings.HEADLINE, postings.OFTEN)
    ]
    packer = postings.Packer(7)
    blocks = [*packer.add(items), *packer.finish()]

    assert [item for _, block in blocks for item in postings.lookup(block)] == items
    assert [item for _, block in blocks for item in postings.lookup(block, "b", "b" + postings.OFTEN)] == items[3:6]
    assert postings.unpack_numbers(postings.pack_numbers([5, 6, 9])) == [5, 6, 9]
    with pytest.raises(ValueError, match="format 02"):
        next(postings.lookup(b"\x02"))
