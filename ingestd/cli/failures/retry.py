"""`ingestd failures retry`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.store.operations import failures


def retry(
    entries: Annotated[
        list[int] | None,
        typer.Argument(metavar="ENTRY", help="Numbers of entries. Default: all quarantined entries."),
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make quarantined entries due again.

    A running daemon tries them again.

    Exit status: 0 on success, 1 if none of the named entries is quarantined.
    """

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            return await failures.retry_quarantined(connection, entries or None, now=datetime.now(UTC))

    due = asyncio.run(work())
    show_result({"due": due}, f"{due} entries are due again", json=json)
    raise typer.Exit(1 if entries and not due else 0)
