"""Batches of commits: an idle system commits at once, a busy one more with each commit."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreRefused
from ingestd.store import batches
from ingestd.store.batches import Batches
from ingestd.store.database import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/a.db") as database:
        yield database


class Saves:
    """Keeps the batches that were saved; the first one ends when `may_end` is set."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.bad: set[int] = set()

    async def __call__(self, _connection: AsyncConnection, items: Sequence[int]) -> list[int]:
        self.batches.append([*items])
        self.has_begun.set()
        await self.may_end.wait()
        if self.bad.intersection(items):
            raise StoreRefused("a bad item")
        return [item * 10 for item in items]


async def put_while_busy(commits: Batches[int, int], saves: Saves, count: int) -> list[int | BaseException]:
    """Put one item, two more while it is committed, and then one in each turn of the event loop."""
    saves.may_end.clear()
    puts = [asyncio.create_task(commits.put(0))]
    await saves.has_begun.wait()
    puts += [asyncio.create_task(commits.put(number)) for number in (1, 2)]
    await asyncio.sleep(0)
    saves.may_end.set()
    for number in range(3, count):
        puts.append(asyncio.create_task(commits.put(number)))
        await asyncio.sleep(0)
    return await asyncio.gather(*puts, return_exceptions=True)


async def test_single_items_are_committed_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_STEP", 3600.0)  # whoever waits for others, waits for an hour
    saves = Saves()

    async with Batches(database, saves) as commits:
        assert [await commits.put(number) for number in range(3)] == [0, 10, 20]

    assert saves.batches == [[0], [1], [2]]


async def test_a_busy_system_commits_all_that_come_together(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_LONGEST_WAIT", 60.0)
    saves = Saves()

    async with Batches(database, saves) as commits:
        assert await put_while_busy(commits, saves, 50) == [number * 10 for number in range(50)]

    assert saves.batches == [[0], [*range(1, 50)]]


async def test_no_batch_has_more_than_may_be(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_LONGEST_WAIT", 60.0)
    saves = Saves()

    async with Batches(database, saves, max_items=20) as commits:
        await put_while_busy(commits, saves, 50)

    assert max(map(len, saves.batches)) == 20
    assert [number for batch in saves.batches for number in batch] == [*range(50)]


async def test_no_item_waits_longer_than_it_may(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others that come for ever do not keep it."""
    monkeypatch.setattr(batches, "_LONGEST_WAIT", 0.0)
    saves = Saves()

    async with Batches(database, saves) as commits:
        await put_while_busy(commits, saves, 50)

    assert saves.batches[1][:2] == [1, 2]
    assert len(saves.batches) > 2


async def test_a_bad_item_of_a_large_batch_fails_alone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_LONGEST_WAIT", 60.0)
    saves = Saves()
    saves.bad = {7}

    async with Batches(database, saves) as commits:
        found = await put_while_busy(commits, saves, 10)

    assert [type(one) for one in found] == [*[int] * 7, StoreRefused, int, int]


async def test_what_waits_at_the_end_is_committed(database: Database) -> None:
    saves = Saves()

    async with Batches(database, saves) as commits:
        puts = [asyncio.create_task(commits.put(number)) for number in range(5)]
        await asyncio.sleep(0)

    assert await asyncio.gather(*puts) == [0, 10, 20, 30, 40]


async def test_a_busy_system_is_idle_again_after_a_pause(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_STEP", 3600.0)
    saves = Saves()

    async with Batches(database, saves, max_items=2) as commits:
        await asyncio.gather(commits.put(0), commits.put(1))
        await asyncio.sleep(2 * batches._LONGEST_WAIT)
        await commits.put(2)  # it would wait for an hour

    assert saves.batches == [[0, 1], [2]]
