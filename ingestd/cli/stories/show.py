"""`ingestd stories show`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note
from ingestd.cli.stories.table import show_story
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.model.story import Story
from ingestd.store.stories import listing

StoryArgument = Annotated[int, typer.Argument(min=1, metavar="STORY", help="Number of a story.")]


def show_(
    story: StoryArgument,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show who carries a story, and whose text each record has.

    Each record is shown with the evidence for its place in the story and with what it changed. The number of a story
    that was merged shows the one that has its records now; a line on stderr says so. Of records that are withheld or
    killed no words are shown, unless --include-withheld is given.

    Exit status: 0 on success, 2 if there is no such story.
    """

    async def work() -> Story:
        async with open_for_reading(config) as database, database.read() as connection:
            log_disclosure(f"stories show {story}", include_withheld=include_withheld)
            return await listing.find(connection, story, include_withheld=include_withheld)

    found = asyncio.run(work())
    if found.id != story:
        note(f"story {story} was merged into story {found.id}")
    show_story(found, json=json)
