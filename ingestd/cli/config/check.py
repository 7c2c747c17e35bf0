"""`ingestd config check`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ingestd.archive.objects.address import ObjectAddress
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_result
from ingestd.settings import find_config, load


def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="TOML file to check, instead of --config.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that the settings are valid.

    Prints every fault, one a line, also a `listen` that `run` would refuse: other hosts can reach it, without a token.
    A login sent over plain HTTP is not a fault; it is a warning. An archive with an address is asked whether it answers
    and accepts its key.

    Exit status: 0 if they are valid, 1 if the archive cannot be used, 2 if the settings are not valid.
    """
    chosen = find_config(file or config)
    settings = load(chosen)
    if settings.listen.path is None and not (settings.api_token or settings.listen_open):
        # Imports the HTTP server, which no other check needs.
        from ingestd.daemon.http.listener import refuse_reachable

        refuse_reachable(settings.listen)
    if isinstance(settings.archive, ObjectAddress):
        # Imports the database, which no other check needs.
        from ingestd.pipeline.archives import archive_at

        asyncio.run(archive_at(settings.archive, settings).check())
    for login in settings.logins:
        if login.in_the_clear:
            note(f"warning: {login.origin_url}: this login is sent without TLS, where others can read it")
    line = f"{chosen or 'defaults'}: ok"
    show_result({"file": chosen, "faults": []}, line, json=as_json)
