"""`ingestd sources list`."""

import asyncio

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_json, show_table
from ingestd.store.operations import overview
from ingestd.store.polls import sources
from ingestd.times import iso


def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the sources.

    Exit status: 0 on success.
    """

    async def work() -> list[dict[str, object]]:
        async with open_database(config) as database, database.read() as connection:
            rows = await sources.list_all(connection)
        return [
            {
                **overview.source_summary(row),
                "entries": row.entries,
                "last_polled_at": iso(row.last_polled_at),
            }
            for row in rows
        ]

    rows = asyncio.run(work())
    if json:
        show_json(rows)
    else:
        columns = ("id", "condition", "entries", "last_polled_at", "next_attempt_at", "title", "url", "reason")
        show_table(columns, [[row[column] for column in columns] for row in rows])
