"""`ingestd consumers show`."""

import asyncio
from typing import Annotated, Any

import typer

from ingestd.cli.consumers.options import NameArgument
from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_json, show_table
from ingestd.delivery import management


def show_(
    name: NameArgument,
    secrets: Annotated[bool, typer.Option("--secrets", help="Show secrets as well.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show a consumer: its settings, its place and its failures.

    Exit status: 0 on success, 2 if there is no such consumer.
    """

    async def work() -> dict[str, Any]:
        async with open_for_reading(config) as database, database.read() as connection:
            return await management.described(connection, name, secrets=secrets)

    found = asyncio.run(work())
    if json:
        show_json(found)
        return
    settings = {f"setting: {key}": value for key, value in found.pop("settings").items()}
    show_table(("what", "value"), [(key, value) for key, value in {**found, **settings}.items() if value is not None])
