"""`ingestd sources show`."""

import asyncio
from typing import Any

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption, SourceArgument
from ingestd.cli.output import show, show_json, show_table
from ingestd.store.operations import listed_sources


def show_(source: SourceArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show a source, its warnings, its recent polls and its WebSub hub.

    Exit status: 0 on success, 2 if there is no such source.
    """

    async def work() -> dict[str, Any]:
        async with open_for_reading(config) as database, database.read() as connection:
            return await listed_sources.details(connection, source)

    found = asyncio.run(work())
    if json:
        show_json(found)
        return
    polls, hub, warnings = found.pop("polls"), found.pop("hub") or {}, found.pop("warnings")
    values = {**found, **{f"hub: {name}": value for name, value in hub.items()}}
    show_table(("what", "value"), [(key, value) for key, value in values.items() if value is not None])
    if warnings:
        show("")
        show_table(("warning", "since"), [(one["text"], one["since"]) for one in warnings])
    columns = ("at", "outcome", "status", "size", "listed", "known", "overlap", "added", "changed", "seconds", "error")
    show("")
    show_table(columns, [[poll[column] for column in columns] for poll in polls])
