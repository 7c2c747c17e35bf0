"""`ingestd stories search`."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.records.options import parse_status
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
from ingestd.store.records.search import search as find_words
from ingestd.store.stories import listing
from ingestd.store.stories.listing import Chosen

#: Records that are looked at for each story that is listed, and at most.
_RECORDS, _MOST_RECORDS = 5, 5_000

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
        status = parse_status(None, include_withheld=include_withheld)
        looked_at = min((skip + limit) * _RECORDS, _MOST_RECORDS)
        records = await find_words(connection, " ".join(words), limit=looked_at, status=status)
        ids = [record.id for record in records]
        return listing.choose(await listing.of_records(connection, ids, include_withheld=include_withheld), chosen)

    show_stories(find_stories(config, work, hint=hint_for(chosen, _HINT), json=json), json=json)
