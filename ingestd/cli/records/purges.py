"""`ingestd records purges`."""

import asyncio
from typing import Annotated, Any

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json, show_table
from ingestd.store.records import purge

_COLUMNS = ("at", "actor", "reason", "records", "revisions", "documents", "shared")


def purges(
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List purges, newest first: who erased which records, and why.

    With --json, each has the guids of its records: delete them from exports and copies as well.

    Exit status: 0 on success, 1 if the database cannot be used.
    """

    async def work() -> list[dict[str, Any]]:
        async with open_for_reading(config) as database, database.read() as connection:
            return await purge.list_purges(connection, limit=limit)

    found = asyncio.run(work())
    if json:
        show_json(found)
    else:
        if not found:
            note("nothing was purged; `ingestd records purge` erases records")
        rows = [{**one, "records": len(one["guids"])} for one in found]
        show_table(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])
