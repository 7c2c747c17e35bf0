"""`ingestd stories list`."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import note_nothing
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.since import SinceOption, parse_since
from ingestd.cli.stories.table import show_stories
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.model.story import Story
from ingestd.store.stories import listing

LimitOption = Annotated[int, typer.Option(min=1, max=1_000, metavar="N", help="List at most N stories.")]


def list_(
    limit: LimitOption = 50,
    since: SinceOption = None,
    records: Annotated[int, typer.Option(min=1, metavar="N", help="Only stories with at least N records.")] = 2,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the stories that most records tell, of the last day or since --since.

    Exit status: 0, whether or not there is one.
    """
    after = parse_since(since) or datetime.now(UTC) - timedelta(days=1)

    async def work() -> list[Story]:
        async with open_for_reading(config) as database, database.read() as connection:
            log_disclosure("stories list", include_withheld=include_withheld)
            found = await listing.most_carried(
                connection, since=after, limit=limit, least=records, include_withheld=include_withheld
            )
            if not found and not json:
                await note_nothing(connection, "no stories", "--since 7d goes further back, --records 1 lists all")
            return found

    show_stories(asyncio.run(work()), json=json)
