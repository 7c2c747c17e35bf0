"""`ingestd consumers seek`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.consumers.options import NameArgument
from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.since import parse_since
from ingestd.errors import UsageError
from ingestd.model.consumer import Consumer
from ingestd.store.consumers import consumers


def seek(
    name: NameArgument,
    after: Annotated[
        int | None, typer.Option("--after", min=0, metavar="N", help="Continue after event N; 0: all that are kept.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="Continue with the first event since TIME: ISO 8601, or as in 2d."),
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="Continue with the events to come.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Move a consumer to another place of the log.

    Events that follow are delivered, with the same identifiers if they were before. An expired consumer goes on.

    Exit status: 0 on success, 2 if there is no such consumer or event, or if events after it are no longer kept.
    """
    if (after is not None) + (at is not None) + end != 1:
        raise UsageError("say where to continue: --after N, --at TIME or --end")
    since = parse_since(at)

    async def work() -> Consumer:
        async with open_database(config) as database, database.write() as connection:
            return await consumers.seek(connection, name, after=after, at=since)

    moved = asyncio.run(work())
    result = {"name": name, "state": moved.state, "epoch": moved.epoch, "cursor": moved.cursor}
    show_result(result, f"consumer {name}: {moved.state}, after event {moved.cursor}", json=json)
