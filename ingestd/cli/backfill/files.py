"""`ingestd backfill files`."""

from pathlib import Path
from typing import Annotated

import typer

from ingestd.cli.backfill.options import existing_path
from ingestd.cli.backfill.run import NewBackfill, start
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.errors import UsageError
from ingestd.urls import normalise


def files(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Directory of saved feeds and pages, plain or gzipped.")
    ],
    base: Annotated[
        str | None, typer.Option(metavar="URL", help="URL that DIR stands for; its files are the pages below it.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Import saved feeds and pages from a directory.

    Exit status: 0 if every page became a record, 1 if the list or an entry failed, 130 if interrupted.
    """
    if not existing_path(directory).is_dir():
        raise UsageError(f"{directory} is not a directory; use `ingestd clean` or `ingestd parse` for single files")
    try:
        options = {"base": normalise(base)} if base else {}
    except ValueError as error:
        raise UsageError(f"--base: {error}") from error
    start(NewBackfill(kind="files", argument=str(directory.resolve()), options=options), 10**9, config, json=json)
