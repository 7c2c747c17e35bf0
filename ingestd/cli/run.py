"""`ingestd run`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.options import ConfigOption
from ingestd.cli.settings import load_settings
from ingestd.daemon.run import run_daemon
from ingestd.settings import MigrateOnStart, load


def run(
    config: ConfigOption = None,
    migrate: Annotated[
        bool | None,
        typer.Option(
            "--migrate/--no-migrate",
            help="Upgrade an older database to this program's schema first. Default: the setting migrate_on_start.",
        ),
    ] = None,
) -> None:
    """Run the daemon until SIGTERM or Ctrl-C.

    SIGHUP reloads the settings.

    Exit status: 0 when stopped, 1 if it cannot start now, 2 if a setting is wrong.
    """
    settings = load_settings(config, quiet=False)
    wanted: MigrateOnStart | None = None if migrate is None else "always" if migrate else "never"
    asyncio.run(run_daemon(settings, migrate=wanted, reload=lambda: load(config)))
