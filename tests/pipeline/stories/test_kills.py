"""A process that places records is killed at any moment; the next one ends with the stories of an undisturbed run."""

import asyncio
import signal
import subprocess
import sys
from datetime import timedelta

from ingestd.pipeline.stories.placer import Placer
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.events import event_log
from tests.support.outcomes import NOON
from tests.support.stories import cut, dumped, publish, report, unplace

#: Places two events a transaction, and says so after each.
PLACE = """
import asyncio, sys
from ingestd.pipeline.stories.placer import Placer
from ingestd.store.database import Database

async def place():
    async with Database(sys.argv[1]) as database:
        placer = Placer(database, batch=2)
        while await placer.place_next():
            print("placed", flush=True)

asyncio.run(place())
"""

#: Transactions after which a process is killed.
KILLED_AFTER = (1, 2, 4)


async def test_a_killed_placer_loses_nothing_and_places_nothing_twice(database_url: str) -> None:
    url = with_async_driver(database_url)
    async with Database(url) as database:
        for number, source in enumerate(("wire", "paper", "times", "post")):
            texts = [f"{cut(report(story), 6 - number)}\n\n{report(100 * number + story, sentences=3)}"
                     for story in range(6)]  # fmt: skip
            await publish(database, f"https://{source}.example/feed", *texts, at=NOON + number * timedelta(hours=1))
        await Placer(database).place_all()
        undisturbed = await dumped(database)
        await unplace(database)

        for transactions in KILLED_AFTER:
            await asyncio.to_thread(place_and_kill, url, transactions)
        await Placer(database).place_all()

        assert await dumped(database) == undisturbed
        async with database.read() as connection:
            joined = (await event_log.read_after(connection, 0, kinds=["joined"])).events
    assert sorted(event.record_id for event in joined) == list(range(7, 25))


def place_and_kill(url: str, transactions: int) -> None:
    """Start a process that places records, and kill it after some transactions, in the middle of the next one."""
    process = subprocess.Popen([sys.executable, "-c", PLACE, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for _ in range(transactions):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    process.wait(60)
