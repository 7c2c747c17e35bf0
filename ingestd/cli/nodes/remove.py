"""`ingestd nodes remove`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.nodes.options import NameArgument
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.store.nodes import control


def remove(
    name: NameArgument,
    move_to: Annotated[
        str | None, typer.Option("--move-to", metavar="NAME", help="Give its sources to this node, which polls them.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Remove a node that is lost, drained or stopped.

    Its sources must be given to another node; where they are drop folders, their files must be there as well.

    Exit status: 0 on success, 2 if there is no such node, if it is at work, or if sources belong to it.
    """

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            return await control.remove(connection, name, move_to=move_to, now=datetime.now(UTC))

    moved = asyncio.run(work())
    told = f", {moved} sources moved to {move_to}" if move_to else ""
    show_result({"name": name, "moved": moved, "move_to": move_to}, f"node {name}: removed{told}", json=json)
