"""Of several runs that may place records one does, and another takes over once it has ended."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from ingestd.pipeline.stories import placer as placers
from ingestd.pipeline.stories.placer import Placer
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema.tables import story_cursor
from ingestd.store.stories import cursor
from ingestd.store.work import runs
from tests.support.outcomes import NOON
from tests.support.stories import clusters, cut, dumped, publish, report, unplace

#: Seconds to wait for anything on a busy machine.
PATIENCE = 120

#: Places two events a transaction; says so and waits.
PLACE = """
import asyncio, sys
from datetime import UTC, datetime
from ingestd.pipeline.stories.placer import Placer
from ingestd.store.database import Database
from ingestd.store.work import runs

async def place():
    async with Database(sys.argv[1]) as database:
        async with database.write() as connection:
            run_id = await runs.start(connection, role="daemon", now=datetime.now(UTC))
        placer = Placer(database, batch=2, run_id=run_id)
        await placer.place_next()
        print(run_id, flush=True)
        sys.stdin.read()

asyncio.run(place())
"""


async def started(database: Database) -> str:
    """Register a run of this process."""
    async with database.write() as connection:
        return await runs.start(connection, role="daemon", now=datetime.now(UTC))


async def test_two_runs_compute_each_batch_once(database_url: str) -> None:
    url = with_async_driver(database_url)
    async with Database(url) as one, Database(url) as other:
        for left, source in enumerate(("wire", "paper", "times")):
            await publish(one, f"https://{source}.example/feed", *(cut(report(story), 6 - left) for story in range(4)))
        await Placer(one).place_all()
        alone = await dumped(one)
        await unplace(one)
        first, second = [Placer(database, batch=2, run_id=await started(database)) for database in (one, other)]

        done = await asyncio.gather(first.place_all(), second.place_all())

        assert await dumped(one) == alone
    assert min(done) == 0
    assert sum(done) >= 12


async def test_another_run_takes_over_from_one_that_was_killed(database_url: str) -> None:
    url = with_async_driver(database_url)
    async with Database(url) as database:
        for left, source in enumerate(("wire", "paper")):
            texts = [cut(report(story), 6 - left) for story in range(3)]
            await publish(database, f"https://{source}.example/feed", *texts)
        placer = Placer(database, run_id=await started(database))
        process = await asyncio.to_thread(
            subprocess.Popen, [sys.executable, "-c", PLACE, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin
        assert process.stdout
        run_id = (await asyncio.to_thread(process.stdout.readline)).decode().strip()
        try:
            assert await placer.place_next() == 0  # the other one lives
            assert placer.waiting > 0
            async with database.read() as connection:
                at = await cursor.read(connection)
            assert (at.seq, at.run_id) == (2, run_id)
        finally:
            process.kill()
            await asyncio.to_thread(process.wait, PATIENCE)
            process.stdin.close()
            process.stdout.close()
        async with database.write() as connection:
            assert await runs.expire_dead(connection, runs.RunObserver()) == 1

        assert await placer.place_all() > 0

        assert await clusters(database) == [[1, 4], [2, 5], [3, 6]]


async def test_a_run_does_not_wait_for_one_that_places_nothing(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placers, "_PATIENCE", 0.0)
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://wire.example/feed", report(1), at=NOON)
        stuck, run_id = await started(database), await started(database)
        async with database.write() as connection:
            assert await cursor.claim(connection, stuck)
            assert not await cursor.claim(connection, run_id)

        assert await Placer(database, run_id=run_id).place_all() == 0

        async with database.write() as connection:
            await connection.execute(update(story_cursor).values(run_id="of a run that has ended"))
        assert await Placer(database, run_id=run_id).place_all() > 0
