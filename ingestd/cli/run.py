"""`ingestd run`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.options import ConfigOption
from ingestd.cli.settings import load_settings
from ingestd.daemon.run import run_daemon
from ingestd.settings import load


def run(
    config: ConfigOption = None,
    migrate: Annotated[bool, typer.Option(help="Upgrade an older database to this program's schema first.")] = True,
) -> None:
    """Run the daemon until SIGTERM or Ctrl-C.

    SIGHUP reloads the settings.

    Exit status: 0 when stopped, 1 if it cannot start now, 2 if a setting is wrong.
    """
    settings = load_settings(config, quiet=False)
    asyncio.run(run_daemon(settings, migrate=migrate, reload=lambda: load(config)))
