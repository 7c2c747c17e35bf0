"""`ingestd config show|check`: the settings in effect, and whether a file is right."""

from pathlib import Path
from typing import Annotated

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json, show_result, show_table
from ingestd.settings import find_config, load, origins

app = typer.Typer(no_args_is_help=True, help="Show the settings in effect, or check a file of them.")


@app.command("show")
def show_settings(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show every setting in effect, and where it comes from.

    The database is shown without user and password, logins without what is secret in them.

    Exit status: 0, or 2 when the settings cannot be used.
    """
    values, sources = load(config).model_dump(mode="json"), origins(config)
    if as_json:
        show_json({key: {"value": value, "from": sources[key]} for key, value in values.items()})
        return
    show_table(
        ("setting", "value", "from"),
        [(key, ",".join(value) if isinstance(value, list) else value, sources[key]) for key, value in values.items()],
    )


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="The file, instead of --config.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether the settings can be used: all that is wrong, one fault a line.

    A login that goes over http is no fault; it is pointed out.

    Exit status: 0 when they can, 2 when not.
    """
    chosen = find_config(file or config)
    for login in load(chosen).logins:
        if login.in_the_clear:
            note(f"{login.place}: this login crosses the network without TLS, where others can read it")
    line = f"{chosen or 'The defaults'}: no fault found"
    show_result({"file": chosen, "faults": []}, line, json=as_json)
