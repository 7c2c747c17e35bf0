"""`ingestd stories merge`."""

import asyncio
from datetime import UTC, datetime

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.cli.stories.show import StoryArgument
from ingestd.pipeline.database import open_database
from ingestd.pipeline.stories import operators
from ingestd.pipeline.stories.placer import agencies_of


def merge(story: StoryArgument, other: StoryArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Merge two stories: the older one takes the records of the other.

    The story is pinned. The number of the other leads to it from now on; an event story_merged says so.

    Exit status: 0 on success, 2 if there is no such story.
    """
    settings = load_settings(config)

    async def work() -> int:
        async with open_database(settings) as database:
            return await operators.merge(database, story, other, now=datetime.now(UTC), agencies=agencies_of(settings))

    kept = asyncio.run(work())
    gone = other if kept == story else story
    show_result({"story": kept, "merged": gone}, f"story {kept}: has the records of story {gone}", json=json)
