"""`ingestd backfill list`."""

import asyncio
from typing import Any

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json, show_table
from ingestd.store.work import backfills, runs


def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the backfills, newest first.

    Exit status: 0 on success.
    """

    async def work() -> list[dict[str, Any]]:
        async with open_for_reading(config) as database, database.write() as connection:
            # Otherwise a killed backfill would still be listed as running.
            await runs.expire_dead(connection, runs.RunObserver())
            return await backfills.list_all(connection)

    rows = asyncio.run(work())
    if json:
        show_json(rows)
        return
    if not rows:
        note("no backfills yet; `ingestd backfill --help` lists the commands that begin one")
    columns = ("id", "kind", "state", "argument", "pending", "done", "quarantined", "updated_at", "message")
    show_table(columns, [[row[column] for column in columns] for row in rows])
