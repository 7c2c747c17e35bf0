"""Reprocess records while the daemon runs."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from ingestd.store.records.content import unpack
from tests.backfill.backfills import atom, page
from tests.daemon.processes import Start, ingestd, rows
from tests.support.desk import add, open_desk
from tests.support.older import PROMPT, make_by_older_rules
from tests.support.papers import Papers

OLD, NEW = 60, 20


def stories(papers: Papers, name: str, count: int) -> str:
    links = [papers.publish(f"/{name}/{number}", page(name, number)) for number in range(count)]
    return papers.publish(f"/{name}.xml", atom(*links))


def test_new_entries_are_saved_while_records_are_reprocessed(
    start: Start, config: Path, papers: Papers, database_url: str, tmp_path: Path
) -> None:
    old = stories(papers, "Ferry", OLD)

    async def keep() -> None:
        async with open_desk(database_url, tmp_path / "state") as runtime:
            await add(runtime, old)
            await make_by_older_rules(runtime)

    asyncio.run(keep())
    daemon = start()
    daemon.logged("started")
    ingestd(config, "sources", "add", stories(papers, "Umbrella", NEW), "--unchecked")

    done = subprocess.run(
        [sys.executable, "-m", "ingestd", "reprocess", "--json", "--config", str(config)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    daemon.logged("saved", NEW)

    assert (done.returncode, done.stderr) == (0, "")
    assert (json.loads(done.stdout)["changed"], json.loads(done.stdout)["overtaken"]) == (OLD, 0)
    assert rows(database_url, "SELECT count(*), sum(revision) FROM records") == [(OLD + NEW, 2 * OLD + NEW)]
    assert rows(database_url, "SELECT count(*) - count(story_id), count(*) - max(seq) FROM events") == [
        (2 * OLD + NEW, 0)
    ]
    kinds = "SELECT kind, count(*) FROM events WHERE story_id IS NULL GROUP BY kind ORDER BY kind"
    assert rows(database_url, kinds) == [
        ("new", OLD + NEW), ("reprocessed", OLD),
    ]  # fmt: skip
    assert rows(database_url, "SELECT count(*) FROM failures") == [(0,)]
    current = "SELECT v.content FROM records r JOIN revisions v ON v.record_id = r.id AND v.revision = r.revision"
    assert not [1 for (content,) in rows(database_url, current) if PROMPT in unpack(content)["body_text"]]
    assert daemon.end() == 0
