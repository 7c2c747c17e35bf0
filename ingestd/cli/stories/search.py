"""`ingestd stories search`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import note_nothing
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.records.options import parse_status
from ingestd.cli.stories.list_ import LimitOption
from ingestd.cli.stories.table import show_stories
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.model.story import Story
from ingestd.store.records.search import search as find_words
from ingestd.store.stories import listing

#: Records that are looked at for each story that is listed.
_RECORDS = 5


def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORD", help="Words that must all occur, as for `ingestd records search`.")
    ],
    limit: LimitOption = 50,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the stories of the records that have all words, best match first.

    Exit status: 0, whether or not something was found.
    """

    async def work() -> list[Story]:
        async with open_for_reading(config) as database, database.read() as connection:
            log_disclosure("stories search", include_withheld=include_withheld)
            status = parse_status(None, include_withheld=include_withheld)
            records = await find_words(connection, " ".join(words), limit=limit * _RECORDS, status=status)
            ids = [record.id for record in records]
            found = await listing.of_records(connection, ids, include_withheld=include_withheld)
            if not found and not json:
                await note_nothing(connection, "no story matches", "every word must occur in one of its records")
            return found[:limit]

    show_stories(asyncio.run(work()), json=json)
