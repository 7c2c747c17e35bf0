"""`ingestd gaps accept`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.store.polls import gaps

GapArgument = Annotated[int, typer.Argument(metavar="GAP", help="Number of a gap.")]


def accept(
    gap: GapArgument,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Reason, shown with the gap.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Accept an open gap and stop the warnings about it.

    `gaps list` and `coverage` still show it.

    Exit status: 0 on success, 2 if there is no such open gap.
    """

    async def work() -> None:
        async with open_database(config) as database, database.write() as connection:
            await gaps.accept_or_retry(connection, gap, accepted=True, note=note, now=datetime.now(UTC))

    asyncio.run(work())
    show_result({"gap": gap, "state": "accepted"}, f"gap {gap}: accepted", json=json)
