"""`ingestd nodes require`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_result
from ingestd.store.nodes import control
from ingestd.store.nodes.listing import list_nodes


def require(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Oldest release that may start; any: all may.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Refuse to start releases of ingestd older than a version.

    Nodes that run already go on; those that are older are named.

    Exit status: 0 on success, 2 if it is not a version.
    """
    least = None if version == "any" else version

    async def work() -> list[str]:
        async with open_database(config) as database, database.write() as connection:
            await control.set_min_version(connection, least)
            return control.older_than(least, await list_nodes(connection))

    older = asyncio.run(work())
    if older:
        note(f"older nodes are at work until they stop: {', '.join(older)}")
    text = f"releases before {least} do not start" if least else "all releases start"
    show_result({"min_version": least, "older": older}, text, json=json)
