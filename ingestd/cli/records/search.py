"""`ingestd records search`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import note_nothing
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note
from ingestd.cli.records.options import LimitOption, StatusOption, parse_status
from ingestd.cli.records.table import show_records
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.model.record import Record
from ingestd.store.operations import conversions
from ingestd.store.records.search import search as find_words
from ingestd.times import iso


def search(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORD",
            help='Words that must all occur; "a phrase" as it is, word* for any word that begins so.',
        ),
    ],
    limit: LimitOption = 50,
    status: StatusOption = None,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Search headlines and bodies, best match first.

    Killed and withheld records are left out unless --include-withheld or --status asks for them.

    Exit status: 0, whether or not something was found.
    """
    wanted = parse_status(status, include_withheld=include_withheld)

    async def work() -> list[Record]:
        async with open_for_reading(config) as database, database.read() as connection:
            log_disclosure("records search", include_withheld=wanted != "usable")
            if missing := await conversions.unsearchable_until(connection):
                note(f"`ingestd run` is still indexing records saved until {iso(missing)}: a search may miss them")
            found = await find_words(connection, " ".join(words), limit=limit, status=wanted)
            if not found and not json:
                hint = "every word must occur in it; WORD* finds words that only begin so"
                await note_nothing(connection, "no record matches", hint)
            return found

    show_records(asyncio.run(work()), json=json)
