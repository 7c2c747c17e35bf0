"""`ingestd stories list`."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.since import parse_since
from ingestd.cli.stories.options import (
    AgencyOption,
    LimitOption,
    MinCarriersOption,
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

#: What to do where nothing is listed.
_HINT = "--since 30d goes further back, --min-carriers 1 also lists stories with a single carrier"


def list_(  # noqa: PLR0917 - each is an option
    limit: LimitOption = 50,
    skip: SkipOption = 0,
    since: SinceOption = None,
    agency: AgencyOption = None,
    min_publishers: MinPublishersOption = 1,
    min_carriers: MinCarriersOption = 2,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the stories that most publishers carry, the largest first.

    Without --since: stories with a new record within the last day.

    Exit status: 0, whether or not there is one.
    """
    chosen = Chosen(
        since=parse_since(since) or datetime.now(UTC) - timedelta(days=1),
        agency=agency_code(agency),
        min_publishers=min_publishers,
        min_carriers=min_carriers,
        skip=skip,
        limit=limit,
    )

    async def work(connection: AsyncConnection) -> list[Story]:
        log_disclosure("stories list", include_withheld=include_withheld)
        return await listing.most_carried(connection, chosen, include_withheld=include_withheld)

    show_stories(find_stories(config, work, hint=hint_for(chosen, _HINT), json=json), json=json)
