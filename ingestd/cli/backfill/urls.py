"""`ingestd backfill urls`."""

from pathlib import Path
from typing import Annotated

import typer

from ingestd.cli.backfill.options import existing_path
from ingestd.cli.backfill.run import NewBackfill, start
from ingestd.cli.options import ConfigOption, JsonOption


def urls(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="File with one URL a line; - reads standard input.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Import the pages listed in a file, one URL a line.

    Exit status: 0 if every page became a record, 1 if the list or an entry failed, 130 if interrupted.
    """
    argument = file if file == "-" else str(existing_path(Path(file)))
    start(NewBackfill(kind="urls", argument=argument, options={}), 1, config, json=json)
