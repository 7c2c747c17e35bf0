"""`ingestd sources show`."""

import asyncio
from typing import Any

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption, SourceArgument
from ingestd.cli.output import show, show_json, show_table
from ingestd.store.operations import overview
from ingestd.store.polls import sources, subscriptions


def show_(source: SourceArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show a source, its recent polls and its WebSub hub.

    Exit status: 0 on success, 2 if there is no such source.
    """

    async def work() -> dict[str, Any]:
        async with open_for_reading(config) as database, database.read() as connection:
            row = await sources.find(connection, source)
            polls = await sources.last_polls(connection, row.id)
            hub = await subscriptions.status_of(connection, row.id)
        return {**sources.shown_values(row), **overview.source_summary(row), "hub": hub, "polls": polls}

    found = asyncio.run(work())
    if json:
        show_json(found)
        return
    polls, hub = found.pop("polls"), found.pop("hub") or {}
    values = {**found, **{f"hub: {name}": value for name, value in hub.items()}}
    show_table(("what", "value"), [(key, value) for key, value in values.items() if value is not None])
    columns = ("at", "outcome", "status", "size", "listed", "known", "overlap", "added", "changed", "seconds", "error")
    show("")
    show_table(columns, [[poll[column] for column in columns] for poll in polls])
