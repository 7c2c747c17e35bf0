"""`ingestd failures list`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import note_nothing
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_json, show_table
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.store.operations import failures


def list_(
    quarantined: Annotated[
        bool,
        # The second name is the former one: scripts use it.
        typer.Option("--quarantined", "--given-up", help="List quarantined entries: no attempts are left."),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="List at most N failures or entries.")] = 50,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List failures, or quarantined entries, newest first.

    Exit status: 0 on success.
    """

    async def work() -> list[dict[str, object]]:
        async with open_for_reading(config) as database, database.read() as connection:
            find = failures.list_quarantined if quarantined else failures.latest
            log_disclosure("failures list", include_withheld=include_withheld)
            rows = await find(connection, limit=limit, include_withheld=include_withheld)
            if not rows and not json:
                await note_nothing(connection, "no entry is quarantined" if quarantined else "no failures")
        return rows

    rows = asyncio.run(work())
    if json:
        show_json(rows)
        return
    columns = ("id", "at", "stage", "error", "status", "message", "url")
    show_table(columns, [[row[column] for column in columns] for row in rows])
