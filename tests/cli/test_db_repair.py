"""`ingestd db repair`."""

import asyncio
import json
from pathlib import Path

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from tests.cli.conftest import write_config
from tests.cli.running import ingestd
from tests.support.doubles import forget_record, make_doubles
from tests.support.outcomes import claimed, keep, saved


async def fill(url: str) -> None:
    async with Database(with_async_driver(url)) as database:
        await make_doubles(database, "https://wire.example", 2)
        [work] = await claimed(database, "https://paper.example", 1)
        await keep(database, [saved(work, "single")])
        await forget_record(database, work)


def test_doubles_are_printed_and_merged(tmp_path: Path, database_url: str) -> None:
    asyncio.run(fill(database_url))
    config = write_config(tmp_path, database_url)
    table = [
        "entry\trecord\tmerged into it\trevisions",
        "1\t1\t3\t2",
        "2\t2\t4\t2",
    ]

    planned = ingestd(config, "db", "repair", "--dry-run")
    done = ingestd(config, "db", "repair")
    again = ingestd(config, "db", "repair", "--json")

    assert planned.out.splitlines() == [
        *table,
        "records: 2 would be merged; entries: 1 would get their record",
    ]
    assert done.out.splitlines() == [*table, "records: 2 merged; entries: 1 got their record"]
    assert again.json == {"dry_run": False, "merged": [], "left": [], "linked": 0}
    kept = ingestd(config, "records", "show", "1", "--json").json
    assert f"merged_into={kept['guid']}" in ingestd(config, "events", "--kind", "merged").out
    merged = json.loads(ingestd(config, "events", "--kind", "merged", "--json").out.splitlines()[0])
    assert merged["merged_into"] == kept["guid"]
    assert ingestd(config, "records", "show", merged["guid"], "--json").json == kept
