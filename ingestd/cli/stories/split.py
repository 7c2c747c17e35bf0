"""`ingestd stories split`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.pipeline.database import open_database
from ingestd.pipeline.stories import operators
from ingestd.pipeline.stories.placer import agencies_of


def split(
    records: Annotated[list[int], typer.Argument(metavar="RECORD", help="Numbers of records of one story.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Move records of a story into a story of their own.

    Both stories are pinned: the program merges neither with another. An event story_split names each record.

    Exit status: 0 on success, 2 if they are not some of the records of one story.
    """
    settings = load_settings(config)

    async def work() -> tuple[int, int]:
        async with open_database(settings) as database:
            return await operators.split(
                database, sorted(set(records)), now=datetime.now(UTC), agencies=agencies_of(settings)
            )

    old, new = asyncio.run(work())
    show_result({"story": new, "split_from": old}, f"story {new}: split from story {old}", json=json)
