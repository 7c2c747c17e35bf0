"""`ingestd db upgrade`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json, show_result
from ingestd.cli.settings import load_settings
from ingestd.pipeline.database import make_directories
from ingestd.store.schema import migrate
from ingestd.store.schema.version import HEAD


def upgrade(
    check: Annotated[bool, typer.Option("--check", help="List the migrations that would run, and run none.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Upgrade the database to this program's schema.

    Does nothing if it has that schema already. Daemons of the version before may go on using a PostgreSQL database
    meanwhile.

    Exit status: 0 on success, 1 if the database is newer than this program or cannot be used, or --check found
    migrations to run.
    """
    settings = load_settings(config)
    make_directories(settings)
    url = settings.async_database_url
    if check:
        _list_pending(asyncio.run(migrate.pending(url)), json=json)
        return
    before, after = asyncio.run(migrate.upgrade(url))
    line = f"schema {after}, was {before or 'empty'}" if before != after else f"schema {after}, nothing to do"
    show_result({"schema": after, "before": before}, line, json=json)


def _list_pending(pending: list[tuple[str, str]], *, json: bool) -> None:
    if json:
        show_json([{"version": version, "does": first_line} for version, first_line in pending])
    else:
        for version, first_line in pending:
            show(f"{version} {first_line}")
        if not pending:
            show(f"schema {HEAD}, nothing to do")
    raise typer.Exit(1 if pending else 0)
