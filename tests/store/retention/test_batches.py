"""The size of batches follows the times that they take, on fast and on slow machines."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import text

from ingestd.store.database import Database
from ingestd.store.retention import batches
from ingestd.store.retention.batches import BatchSize

MS = 0.001


@pytest.mark.parametrize(
    ("commit", "row", "least", "longest"),
    [
        pytest.param(1, 0.02, 300, 20, id="polls on a fast disk"),
        pytest.param(4, 0.02, 200, 20, id="polls"),
        pytest.param(4, 0.5, 10, 25, id="entries"),
        pytest.param(4, 2, 3, 25, id="records"),
        pytest.param(2, 7, 1, 25, id="records on a slow machine"),
        pytest.param(1, 20, 1, 45, id="records with long texts"),
        pytest.param(12, 0.02, 100, 25, id="a disk that takes most of the time"),
        pytest.param(25, 0.02, 200, 50, id="a disk with moving heads"),
        pytest.param(25, 1, 5, 60, id="entries on such a disk"),
        pytest.param(80, 0.1, 100, 200, id="a disk that takes longer than any batch should"),
    ],
)
def test_batches_are_as_large_as_they_may_be(commit: float, row: float, least: int, longest: float) -> None:
    size, rows, times = BatchSize(), [], []
    for _ in range(200):
        rows.append(size.rows)
        times.append((commit + size.rows * row) * MS)
        size.note(times[-1])

    assert median(rows[50:]) >= least
    assert max(times) <= longest * MS
    assert max(rows) <= 2000


@pytest.mark.parametrize("seed", range(5))
def test_a_busy_machine_does_not_end_in_batches_of_one_row(seed: int) -> None:
    chance, size, rows = random.Random(seed), BatchSize(), []
    for _ in range(400):
        rows.append(size.rows)
        size.note((4 + size.rows * 0.02) * MS * chance.choice((1, 1, 3, 10)))

    assert median(rows[50:]) >= 20


def test_a_batch_that_takes_too_long_is_followed_by_a_smaller_one() -> None:
    size = BatchSize()
    for _ in range(50):
        size.note(4 * MS)
    assert size.rows == 2000

    size.note(200 * MS)
    assert size.rows == 1000


@pytest.mark.parametrize(("held", "expected"), [(0.0, 0.005), (0.02, 0.04), (0.4, 0.8), (3.0, 1.0), (600.0, 1.0)])
async def test_the_rest_after_a_batch_is_twice_its_time_and_at_most_a_second(
    held: float, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []

    async def sleep(seconds: float) -> None:
        rests.append(seconds)

    monkeypatch.setattr(batches.asyncio, "sleep", sleep)
    await batches.rest(held)

    assert rests == [expected]


async def test_the_wait_for_the_lock_of_another_process_is_no_time_of_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_locked: list[bool] = []

    def clock() -> float:
        with closing(sqlite3.connect(tmp_path / "a.db", timeout=0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                is_locked.append(True)
            else:
                is_locked.append(False)
        return 0.0

    async with Database(f"sqlite+aiosqlite:///{tmp_path}/a.db") as database:
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE t (a INTEGER)"))
        monkeypatch.setattr(batches, "monotonic", clock)
        async with batches._timed(database, batches.Deleted(table="t"), BatchSize()) as connection:
            await connection.execute(text("DELETE FROM t"))

    assert is_locked == [True, False]
