"""Options that mean the same in every command."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The TOML file with the settings. Else $INGESTD_CONFIG, /etc/ingestd/ingestd.toml or the one in the XDG "
        "configuration directory.",
    ),
]
#: For commands that print a line of JSON for each thing, asked or not: scripts may ask every command alike.
JsonLinesOption = Annotated[bool, typer.Option("--json", help="Print JSON Lines, as it does anyway.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
