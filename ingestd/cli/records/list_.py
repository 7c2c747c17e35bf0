"""`ingestd records list`."""

import asyncio
from typing import Annotated, Any

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import note_nothing
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.records.options import LimitOption, SourceOption, StatusOption, parse_status
from ingestd.cli.records.table import show_records, show_summaries
from ingestd.cli.since import SinceOption, parse_since
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.errors import UsageError
from ingestd.store.polls import sources
from ingestd.store.records import records, summaries

#: What to look at when sources were polled and no record was made.
_WHY = "`ingestd failures list` and `ingestd why URL` say why"

UnconfirmedOption = Annotated[
    bool,
    typer.Option("--unconfirmed-kills", help="Only records that are killed by words alone. This is logged."),
]


def list_(
    limit: LimitOption = 50,
    source: SourceOption = None,
    since: SinceOption = None,
    status: StatusOption = None,
    include_withheld: IncludeWithheldOption = False,
    unconfirmed_kills: UnconfirmedOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the records saved or revised last, newest first.

    Killed and withheld records are left out unless --include-withheld or --status asks for them.

    Exit status: 0 on success, 2 if there is no such source.
    """
    after, wanted = parse_since(since), parse_status(status, include_withheld=include_withheld)
    if unconfirmed_kills and (status or include_withheld):
        raise UsageError("--unconfirmed-kills lists withheld records: give neither --status nor --include-withheld")
    if unconfirmed_kills:
        wanted = "unconfirmed"

    async def work() -> None:
        async with open_for_reading(config) as database, database.read() as connection:
            log_disclosure("records list", include_withheld=wanted != "usable")
            source_id = (await sources.find(connection, source)).id if source else None
            chosen: dict[str, Any] = {"limit": limit, "source_id": source_id, "since": after, "status": wanted}
            if json:
                show_records(await records.newest(connection, **chosen), json=True)
                return
            found = await summaries.newest(connection, **chosen)
            show_summaries(found)
            if not found:
                has_filters = source or since or status
                hint = "without --source, --since and --status all are listed" if has_filters else _WHY
                await note_nothing(connection, "no records", hint)

    asyncio.run(work())
