"""Options that several commands have in common."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Read settings from this TOML file. Default: $INGESTD_CONFIG, else /etc/ingestd/ingestd.toml, else "
        "ingestd/ingestd.toml in the XDG configuration directory.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
#: For commands that print JSON Lines anyway: a script may pass `--json` to every command.
JsonLinesOption = Annotated[bool, typer.Option("--json", help="Accepted and ignored: the output is JSON Lines.")]
SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="Number or URL of a source.")]
