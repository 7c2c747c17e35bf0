"""`ingestd stories search`."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.since import parse_since
from ingestd.cli.stories.options import (
    AgencyOption,
    LimitOption,
    MinPublishersOption,
    SinceOption,
    SkipOption,
    agency_code,
    find_stories,
    hint_for,
)
from ingestd.cli.stories.table import show_stories
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.model.story import Story
from ingestd.store.stories import listing
from ingestd.store.stories.listing import Chosen

_HINT = "every word must occur in one of its records"


def search(  # noqa: PLR0917 - each is an option
    words: Annotated[
        list[str], typer.Argument(metavar="WORD", help="Words that must all occur, as for `ingestd records search`.")
    ],
    limit: LimitOption = 50,
    skip: SkipOption = 0,
    since: SinceOption = None,
    agency: AgencyOption = None,
    min_publishers: MinPublishersOption = 1,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the stories whose records have all words, best match first.

    Exit status: 0, whether or not something was found.
    """
    chosen = Chosen(
        since=parse_since(since), agency=agency_code(agency), min_publishers=min_publishers, skip=skip, limit=limit
    )

    async def work(connection: AsyncConnection) -> list[Story]:
        log_disclosure("stories search", include_withheld=include_withheld)
        return await listing.search(connection, " ".join(words), chosen, include_withheld=include_withheld)

    show_stories(find_stories(config, work, hint=hint_for(chosen, _HINT), json=json), json=json)
