"""Measure what it costs that SQLite commits survive a power cut: `synchronous = FULL` against NORMAL.

python benchmarks/synchronous.py [--seconds N] [--folder DIR]

Saves invented articles as the daemon does, in transactions of 1 and of 20 records, one after the other on two databases
in one folder, and prints the records saved a second and the ratio of FULL to NORMAL, of the mean times and the medians.
"""

import argparse
import asyncio
import itertools
import statistics
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

from common import print_json
from invented_articles import articles
from revision_size import Layout
from sqlalchemy import event

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema import migrate


async def run(folder: Path, seconds: float) -> None:
    found, layouts = list(articles(300)), {}
    async with AsyncExitStack() as stack:
        for name in ("FULL", "NORMAL"):
            url = f"sqlite:///{folder}/{name}.db"
            await migrate.upgrade(url)
            database = await stack.enter_async_context(Database(with_async_driver(url)))

            def configure(connection: Any, _record: Any, name: str = name) -> None:
                connection.execute(f"PRAGMA synchronous = {name}")

            event.listen(database._writer.sync_engine, "connect", configure)
            layouts[name] = Layout(database, "now", url)
            # The source and the entries of all records.
            await layouts[name].fill(found * 40, save=False)
        numbers = itertools.count(1)
        for size in (1, 20):
            times: dict[str, list[float]] = {name: [] for name in layouts}
            end = perf_counter() + seconds
            while perf_counter() < end:
                new = {n: found[n % len(found)] for n in itertools.islice(numbers, size)}
                for name, layout in layouts.items():
                    begun = perf_counter()
                    await layout._save(new, {})
                    times[name].append(perf_counter() - begun)
            full, normal = times["FULL"], times["NORMAL"]
            print_json(
                records_a_transaction=size, transactions=len(full), full_a_second=size * len(full) / sum(full),
                normal_a_second=size * len(normal) / sum(normal), ratio=sum(normal) / sum(full),
                ratio_of_medians=statistics.median(normal) / statistics.median(full),
            )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--folder", type=Path, help="where the databases are: what is measured is its disk")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        asyncio.run(run(Path(folder), options.seconds))


if __name__ == "__main__":
    main()
