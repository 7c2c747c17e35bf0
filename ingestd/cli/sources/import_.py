"""`ingestd sources import`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.discovery.opml import read_opml
from ingestd.errors import UsageError
from ingestd.store.polls import sources


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="OPML file.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Add the sources listed in an OPML file.

    They are not fetched first; a running daemon polls them at once.

    Exit status: 0 on success, 1 if the file is not OPML, 2 if it cannot be read.
    """
    try:
        outlines = read_opml(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            now = datetime.now(UTC)
            results = [await sources.add(connection, line.url, now=now, title=line.title) for line in outlines]
        return sum(new for _, new in results)

    added = asyncio.run(work())
    already = len(outlines) - added
    line = f"{added} sources added" + (f", {already} exist already" if already else "")
    show_result({"added": added, "already": already}, line, json=json)
