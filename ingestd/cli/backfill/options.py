"""Arguments and options that the commands of `ingestd backfill` share."""

from pathlib import Path
from typing import Annotated

import typer

from ingestd.errors import UsageError

DocumentsOption = Annotated[int, typer.Option(min=1, metavar="N", help="Read at most N feeds or sitemaps.")]


NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of a backfill.")]


def existing_path(path: Path) -> Path:
    """Return the absolute path of a file or directory; raises UsageError if it does not exist."""
    if not path.exists():
        raise UsageError(f"{path}: no such file or directory")
    return path.resolve()
