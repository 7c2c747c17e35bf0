"""`ingestd failures retry`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.store.operations import failures
from ingestd.store.polls import sources


def retry(
    entries: Annotated[
        list[int] | None,
        typer.Argument(metavar="ENTRY", help="Numbers of entries. Default: all quarantined entries."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="SOURCE", help="Only entries of this source: its number or URL.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make quarantined entries due again.

    A running daemon tries them again. Quarantined entries of other sources at the same addresses come along.

    Exit status: 0 on success, 1 if none of the named entries is quarantined, 2 if there is no such source.
    """

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            source_id = (await sources.find(connection, source)).id if source is not None else None
            return await failures.retry_quarantined(
                connection, entries or None, now=datetime.now(UTC), source_id=source_id
            )

    due = asyncio.run(work())
    show_result({"due": due}, f"{due} entries are due again", json=json)
    raise typer.Exit(1 if entries and not due else 0)
