"""`ingestd run`: the daemon."""

from typing import Annotated

import typer

from ingestd.cli.options import ConfigOption
from ingestd.cli.setup import finish, settings_for
from ingestd.daemon.run import run_daemon
from ingestd.settings import load


def run(
    config: ConfigOption = None,
    migrate: Annotated[bool, typer.Option(help="Bring an old database to this program's schema first.")] = True,
) -> None:
    """Run the daemon, until SIGTERM or Ctrl-C.

    SIGHUP reads the settings again.  Exit status: 0 when it was stopped, 1 or 2 when it could not start.
    """
    settings = settings_for(config, quiet=False)
    finish(run_daemon(settings, migrate=migrate, reload=lambda: load(config)))
