"""`ingestd sources import`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json
from ingestd.discovery.opml import read_opml
from ingestd.errors import UsageError
from ingestd.store.polls import sources
from ingestd.store.polls.source_addresses import other_spellings
from ingestd.urls import source_url

#: Sources for each of which all stored addresses are searched: for more, they are read once.
_FEW = 10


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="OPML file.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Add the sources listed in an OPML file.

    They are not fetched first; a running daemon polls them at once.  What has no address that can be polled is left
    out, counted and named.

    Exit status: 0 on success, 1 if the file is not OPML, 2 if it cannot be read.
    """
    try:
        found = read_opml(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error

    async def work() -> tuple[int, list[str]]:
        added, refused = 0, []
        async with open_database(config) as database:
            # Before the transaction: nobody else could write meanwhile.
            spellings = await other_spellings(database) if len(found.outlines) > _FEW else None
            async with database.write() as connection:
                now = datetime.now(UTC)
                for line in found.outlines:
                    try:
                        url = source_url(line.url)
                    except ValueError as error:
                        refused.append(f"{line.title or 'without a title'}: {error}")
                        continue
                    _, is_new = await sources.add(connection, url, now=now, title=line.title, spellings=spellings)
                    added += is_new
        return added, refused

    added, refused = asyncio.run(work())
    left_out = [*found.left_out, *refused]
    already = len(found.outlines) - len(refused) - added
    if json:
        show_json({"added": added, "already": already, "left_out": left_out, "warnings": list(found.warnings)})
        return
    line = f"{added} sources added" + (f", {already} exist already" if already else "")
    show(f"{line}, {len(left_out)} left out, whose address cannot be polled:" if left_out else line)
    for one in left_out:
        show(f"  {one}")
    for warning in found.warnings:
        show(f"warning: {warning}")
