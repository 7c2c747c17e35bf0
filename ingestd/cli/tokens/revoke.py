"""`ingestd tokens revoke`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.store import tokens


def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a token.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Revoke a token; the daemon refuses it within five seconds.

    Exit status: 0 on success, 2 if there is no such token.
    """

    async def work() -> None:
        async with open_database(config) as database, database.write() as connection:
            await tokens.revoke(connection, name)

    asyncio.run(work())
    show_result({"name": name, "state": "revoked"}, f"token {name}: revoked", json=json)
