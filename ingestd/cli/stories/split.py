"""`ingestd stories split`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.pipeline.stories import operators


def split(
    records: Annotated[list[int], typer.Argument(metavar="RECORD", help="Numbers of records of one story.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Move records of a story into a story of their own.

    Both stories are pinned: the program merges neither with another. An event story_split names each record.

    Exit status: 0 on success, 2 if they are not some of the records of one story.
    """

    async def work() -> tuple[int, int]:
        async with open_database(config) as database:
            return await operators.split(database, sorted(set(records)), now=datetime.now(UTC))

    old, new = asyncio.run(work())
    show_result({"story": new, "split_from": old}, f"story {new}: split from story {old}", json=json)
