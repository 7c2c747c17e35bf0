"""`ingestd gaps repair`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.store.polls import gaps

GapArgument = Annotated[int, typer.Argument(metavar="GAP", help="Number of a gap.")]


def repair(gap: GapArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Make an open gap due for repair by the daemon.

    The daemon looks again for entries that may have been missed.

    Exit status: 0 on success, 2 if there is no such open gap.
    """

    async def work() -> None:
        async with open_database(config) as database, database.write() as connection:
            await gaps.accept_or_retry(connection, gap, accepted=False, note=None, now=datetime.now(UTC))

    asyncio.run(work())
    show_result({"gap": gap, "state": "open"}, f"gap {gap}: due for repair", json=json)
