"""Measure the locks of records and event numbers: three processes save to one PostgreSQL.

python benchmarks/event_lock.py [--records N] [--rate N] [--writers N] [--turns N] [--stories]

Each writer is a process of its own.  It saves articles as the pipeline of a cluster does, through `Batches` and
`save_side_by_side`, in groups of 16 as they come from its extractors.  A reader in another process follows the event
log by its cursor, and with `--stories` another one places the records meanwhile.  Phases:

- `paced`: the writers get `--rate` records a second together, at random times as from sites, and must keep up.
- `side by side` and `one after the other`: they save as fast as they can, in turns, as a cluster does and as a single
  daemon does, whose transactions each hold the lock of records from their beginning.

The share of waiting is the time that statements which take a lock took, of the time of all writers.  Each phase checks
that every record is there, that the numbers of events are consecutive, and that the reader, which begins before the
writers, got each of them in order and none twice.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from common import own_cpu, print_figure, print_json
from sqlalchemy import event, func, select

from ingestd.model.article import Article
from ingestd.pipeline.runtime import GROUP
from ingestd.pipeline.stories.placer import Placer
from ingestd.policy.articles.index_entry import index_entry
from ingestd.settings.values import with_async_driver
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.records.outcomes import CommitResult, EntryOutcome, Saved
from ingestd.store.records.save import save_outcomes, save_side_by_side
from ingestd.store.schema import migrate, tables
from tests.support.databases import make_database, postgresql
from tests.support.outcomes import claimed, saved

WAYS = {"side by side": save_side_by_side, "one after the other": save_outcomes}
#: Seconds that anything may take.
PATIENCE = 500
#: The longest share of waiting, and the least records a second, of the paced phase.
MOST_WAITING, LEAST_RATE = 0.20, 300
#: Seconds between two looks of the reader at an event log that had nothing new.
LOOK = 0.02
#: Words of a text: two in three of an article's are its own, or stories would be found.
OWN_WORDS = 200


class LockTimes:
    """Adds up the time that statements which take the lock take, on one database."""

    def __init__(self, database: Database) -> None:
        self.seconds, self.commits = 0.0, 0
        engine = database._writer.sync_engine
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)
        event.listen(engine, "commit", self._committed)

    def _before(self, _connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        if "pg_advisory_xact_lock" in statement or "FOR NO KEY UPDATE" in statement:
            context.lock_begun = perf_counter()

    def _after(self, _connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        if (begun := getattr(context, "lock_begun", None)) is not None:
            self.seconds += perf_counter() - begun

    def _committed(self, _connection: Any) -> None:
        self.commits += 1


def article(writer: int, number: int) -> Article:
    """Return an article of some 350 words, which is the copy of no other one."""
    own = " ".join(f"w{writer}x{number}y{word}" for word in range(OWN_WORDS))
    words = f"The harbour of town {number} was told once, and in other words each time. "
    paragraphs = [own, words * 6, words * 6]
    return Article(
        headline=f"Story {number} of writer {writer}", body_text="\n\n".join(paragraphs),
        body_html="\n".join(f"<p>{one}</p>" for one in paragraphs),
        uri=f"https://writer-{writer}.example/{number}",
    )  # fmt: skip


async def outcomes(database: Database, writer: str, records: int) -> list[Saved]:
    """Add sources with so many entries, claim them and return what their pages were found to have."""
    found: list[Saved] = []
    async for work in works(database, writer, records):
        content = article(int(writer.rpartition("-")[2]), len(found))
        one = saved(work, content)
        digest = one.content_hash
        index = index_entry(content.headline, content.body_text)
        found.append(replace(one, index=index, content_hash=digest, whole_hash=digest))
    return found


async def works(database: Database, writer: str, records: int) -> AsyncIterator[Any]:
    for first in range(0, records, 500):
        count = min(500, records - first)
        for work in await claimed(database, f"https://{writer}.example/{first}/feed", count, run_id=writer):
            yield work


async def write(database_url: str, name: str, records: int, rate: float, way: str) -> None:
    """Save records, `rate` a second or, if 0, as fast as possible; begins when a line comes on standard input."""
    async with Database(database_url) as database:
        found = await outcomes(database, name, records)
        lock = LockTimes(database)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        cpu, begun = own_cpu(os.getpid()), perf_counter()
        async with (
            Batches[EntryOutcome, CommitResult](database, WAYS[way]) as batches,
            asyncio.TaskGroup() as tasks,
        ):
            under_way = asyncio.Semaphore(2 * GROUP)  # as many pages as the pipeline has on their way at most

            async def put(outcome: Saved) -> None:
                try:
                    assert await batches.put(outcome) == "saved"
                finally:
                    under_way.release()

            chance = random.Random(name)
            times = sorted(chance.random() * records / rate if rate else 0.0 for _ in range(0, records, GROUP))
            for number in range(0, records, GROUP):
                if rate:
                    await asyncio.sleep(begun + times[number // GROUP] - perf_counter())
                for outcome in found[number : number + GROUP]:
                    await under_way.acquire()
                    tasks.create_task(put(outcome))
        seconds = perf_counter() - begun
        print(
            json.dumps({"seconds": seconds, "waited": lock.seconds, "commits": lock.commits,
                        "cpu": own_cpu(os.getpid()) - cpu}),
            flush=True,
        )  # fmt: skip


async def follow(database_url: str, count: int) -> None:
    """Read events by the cursor until so many have come; every number must follow the one before."""
    async with Database(database_url, connections=1) as database, asyncio.timeout(PATIENCE):
        async with database.read() as connection:
            after = await event_log.last_seq(connection)
        print("ready", flush=True)
        records: set[int] = set()
        while len(records) < count:
            async with database.read() as connection:
                batch = await event_log.read_after(connection, after)
            for one in batch.events:
                assert one.seq == after + 1, f"event {one.seq} came after {after}"
                after = one.seq
                if one.kind == "new":
                    assert one.record_id not in records
                    records.add(one.record_id)
            assert batch.after == after, f"the cursor is at {batch.after}, the last event read is {after}"
            if not batch.events:
                await asyncio.sleep(LOOK)
        print(json.dumps({"events": len(records)}), flush=True)


async def place(database_url: str) -> None:
    """Place records in stories until standard input ends."""
    async with Database(database_url, connections=2) as database:
        placer = Placer(database)
        lock = LockTimes(database)
        placing = asyncio.create_task(placer.run())
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        placer.stop()
        await placing
        print(json.dumps({"placed": sum(placer.placed.values()), "waited": lock.seconds}), flush=True)


@asynccontextmanager
async def process(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start this script as a process that is ready when it says so."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, __file__, *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert started.stdout
    try:
        assert (await started.stdout.readline()).strip() == b"ready"
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def result(started: asyncio.subprocess.Process) -> dict[str, float]:
    out, _ = await started.communicate(b"\n")
    assert started.returncode == 0, f"a process ended with status {started.returncode}"
    return dict(json.loads(out))


async def phase(
    database_url: str, numbers: range, *, records: int, rate: float, stories: bool, way: str
) -> tuple[float, float]:
    """Have writers save so many records each, and check what is there.

    Returns how many records they saved a second, and the share of their time in which they waited for locks.
    """
    wanted = len(numbers) * records
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as processes:
        async with Database(database_url, connections=1) as database:
            before = await counts(database)
        reader = await processes.enter_async_context(process("--follow", database_url, str(wanted)))
        placer = await processes.enter_async_context(process("--place", database_url)) if stories else None
        writers = [
            await processes.enter_async_context(
                process("--write", database_url, f"writer-{number}", str(records), str(rate / len(numbers)), way)
            )
            for number in numbers
        ]
        figures = await asyncio.gather(*map(result, writers))
        assert (await result(reader))["events"] == wanted
        if placer:
            await result(placer)
        async with Database(database_url, connections=1) as database:
            after = await counts(database)
    assert after[0] - before[0] == wanted, "records are missing"
    assert stories or after[1] - before[1] == wanted, "there are other events"
    waited = sum(one["waited"] for one in figures) / sum(one["seconds"] for one in figures)
    size, cpu = wanted / sum(one["commits"] for one in figures), sum(one["cpu"] for one in figures) / wanted
    saved_a_second = wanted / max(one["seconds"] for one in figures)
    print_json(
        way=way, writers=len(numbers), wanted=rate or "all", records_a_second=saved_a_second,
        percent_of_time_waited=100 * waited, records_in_a_commit=size, cpu_ms_of_a_record=1000 * cpu,
    )  # fmt: skip
    return saved_a_second, waited


async def counts(database: Database) -> tuple[int, int]:
    """Return how many records there are, and the number of the last event, of which none is missing."""
    async with database.read() as connection:
        records = (await connection.execute(select(func.count()).select_from(tables.records))).scalar_one()
        row = (await connection.execute(select(func.count(), func.max(tables.events.c.seq)))).one()
    assert row[0] == (row[1] or 0), "events are missing"
    return records, row[0]


async def measure(*, records: int, rate: float, writers: int, turns: int, stories: bool) -> None:
    with tempfile.TemporaryDirectory() as place, postgresql(Path(place) / "postgresql") as server:
        url = with_async_driver(make_database(server, f"event_lock_{os.getpid()}"))
        await migrate.upgrade(url)
        numbers = iter(range(0, 10**6, writers))

        async def run(way: str, rate: float = 0) -> tuple[float, float]:
            first = next(numbers)
            some = range(first, first + writers)
            return await phase(url, some, records=records, rate=rate, stories=stories, way=way)

        of = f"{writers} writers" + (", records placed in stories meanwhile" if stories else "")
        await run("side by side")  # does not count: the tables are empty
        saved_a_second, waited = await run("side by side", rate)
        print_figure("records saved a second", [saved_a_second], unit="", of=f"{of}, {rate:g} wanted")
        print_figure("time that writers wait for locks", [100 * waited], unit="%", of=f"{of}, {rate:g} wanted")
        found = [(await run("side by side"), await run("one after the other")) for _ in range(turns)]
        ratios = [together[0] / alone[0] for together, alone in found]
        print_figure("records saved a second, side by side", ratios, of=f"{of}, one after the other")
        assert waited <= MOST_WAITING, f"writers wait {waited:.0%} of their time"
        assert saved_a_second >= LEAST_RATE, f"the writers save {saved_a_second:.0f} records a second"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=3000, help="of each writer in each phase")
    parser.add_argument("--rate", type=float, default=330, help="records a second of all writers, in the first phase")
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument("--stories", action="store_true")
    parser.add_argument("--turns", type=int, default=2)
    for role, count in (("--write", 5), ("--follow", 2), ("--place", 1)):  # what the processes are started with
        parser.add_argument(role, nargs=count, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        url, name, records, rate, way = given.write
        asyncio.run(write(url, name, int(records), float(rate), way))
    elif given.follow:
        asyncio.run(follow(given.follow[0], int(given.follow[1])))
    elif given.place:
        asyncio.run(place(*given.place))
    else:
        asyncio.run(
            measure(
                records=given.records, rate=given.rate, writers=given.writers, turns=given.turns, stories=given.stories
            )
        )


if __name__ == "__main__":
    main()
