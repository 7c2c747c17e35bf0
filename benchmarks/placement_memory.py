"""Measure what stories add to the memory of an idle daemon, and of one that has placed documents.

python benchmarks/placement_memory.py [--documents N] [--sources N]

Two databases have N sources each, none of which is due; one has N documents besides, invented ones of 4,000 characters
on average, a third of them cut copies.  `ingestd run` starts as a process on copies of both, with stories on and off.
With stories on it must have placed all documents before its memory counts; with stories off, it must have placed none.
Memory is that of the daemon's own process, resident, and the sum of the proportional shares of all its processes.
"""

import argparse
import asyncio
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from common import memory, print_figure, print_json, process_tree
from expectations import Unexpected, expect, run
from invented_articles import articles
from many_sources import PATIENCE, fill
from stories_store import Writer

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema import migrate
from tests.daemon.processes import Daemon

#: Every document of this number is the one before it without its last third, in another paper.
COPIED = 3
#: Seconds for which memory must stay the same: its forkserver loads modules, and chores run.
STABLE = 12
#: Documents saved at once.
TOGETHER = 500


def documents(count: int) -> Iterator[dict[str, Any]]:
    begun = datetime.now(UTC) - timedelta(hours=count / 600)
    text, headline = "", ""
    for number, article in enumerate(articles(count)):
        if number % COPIED == COPIED - 1:
            paragraphs = text.split("\n\n")
            text = "\n\n".join(paragraphs[: -(len(paragraphs) // 3) or None])
        else:
            text, headline = article.body_text, f"{article.headline} {number}"
        seen = (begun + timedelta(seconds=number * 6)).isoformat()
        yield {
            "id": f"d{number}", "source": f"paper{number % 40}", "guid": None, "seen": seen, "published": seen,
            "provider": None, "body_text": text, "headline": headline, "byline": None, "dateline": None,
            "language": "en", "version": None, "pubstatus": None,
        }  # fmt: skip


async def prepare(file: Path, sources: int, count: int) -> None:
    url = f"sqlite:///{file}"
    await migrate.upgrade(url)
    async with Database(with_async_driver(url)) as database:
        await fill(database, sources)
        writer, found = Writer(database), list(documents(count))
        if found:
            await writer.add_sources(found)
        for first in range(0, count, TOGETHER):
            await writer.save(found[first : first + TOGETHER])
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:  # none of the papers is due
        connection.execute("UPDATE sources SET due_at = datetime('now', '+1 day')")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def placed(file: Path) -> tuple[int, int]:
    """Return how many records have a story, and how many stories there are."""
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT story_id) FROM copies").fetchone()
    return row[0], row[1]


def measure(prepared: Path, count: int, *, stories: bool) -> tuple[float, float]:
    """Return the MiB of a daemon, resident, and of all its processes, shared."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "state").mkdir()
        file = folder / "state" / "ingestd.db"
        shutil.copy(prepared, file)
        config = folder / "ingestd.toml"
        config.write_text(
            f"state_dir = '{folder}/state'\nlisten = '127.0.0.1:0'\nlog_format = 'json'\nextractors = 1\n"
            f"stories = {str(stories).lower()}\n"
        )
        daemon = Daemon(config)
        try:
            daemon.logged("started")
            wanted, deadline = (count if stories else 0), monotonic() + PATIENCE
            while placed(file)[0] < wanted:
                if monotonic() > deadline:
                    raise Unexpected(f"{placed(file)[0]} of {wanted} records have a story after {PATIENCE:.0f} s")
                sleep(1)
            own, shared = settled(daemon.process.pid)
            expect("records with a story, and stories", placed(file), (wanted, wanted - wanted // COPIED))
        finally:
            try:
                daemon.end()
            except subprocess.TimeoutExpired:
                daemon.kill()
                raise Unexpected("the daemon did not end within a minute of SIGTERM") from None
    print_json(documents=count, stories=stories, rss_mib=own, pss_of_all_mib=shared)
    return own, shared


def settled(daemon: int) -> tuple[float, float]:
    """Return the memory of a daemon and of all its processes, once that of all has been the same for a while."""
    found: list[float] = []
    while len(found) < STABLE or max(found[-STABLE:]) - min(found[-STABLE:]) > 1.0:
        if len(found) > PATIENCE:
            raise Unexpected(f"the memory of the daemon's processes does not settle: {found[-STABLE:]}")
        sleep(1)
        found.append(sum(memory(pid)["pss"] for pid in process_tree(daemon)))
    return memory(daemon)["rss"], found[-1]


def main(count: int, sources: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        for documents in (0, count):
            file = Path(name) / f"{documents}.db"
            asyncio.run(prepare(file, sources, documents))
            on, off = measure(file, documents, stories=True), measure(file, documents, stories=False)
            of = f"{sources:,} sources, {f'{documents:,} documents placed' if documents else 'idle'}"
            print_figure("memory of the daemon that stories add", [on[0] - off[0]], of=f"resident, {of}", unit="MiB")
            print_figure("memory of all processes that stories add", [on[1] - off[1]], of=f"shared, {of}", unit="MiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=5_000)
    parser.add_argument("--sources", type=int, default=10_000)
    args = parser.parse_args()
    run(lambda: main(args.documents, args.sources))
