"""`ingestd db`: the schema of the database."""

import typer

from ingestd.cli.opening import finish, settings_for
from ingestd.cli.options import ConfigOption
from ingestd.cli.output import show
from ingestd.daemon.parts import make_directories
from ingestd.store import migrate

app = typer.Typer(help="Bring the database's schema up to date, or look at its version.", no_args_is_help=True)


@app.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the database to this program's schema; nothing happens when it is there already."""
    settings = settings_for(config)
    make_directories(settings)
    before, after = finish(migrate.upgrade(settings.async_database_url))
    show(f"schema {after}, was {before or 'empty'}" if before != after else f"schema {after}, nothing to do")


@app.command()
def current(config: ConfigOption = None) -> None:
    """Print the version of the database's schema."""
    settings = settings_for(config)
    make_directories(settings)
    show(finish(migrate.current(settings.async_database_url)) or "empty")


@app.command()
def check(config: ConfigOption = None) -> None:
    """Exit with 0 when the database has this program's schema, with 1 when it has not."""
    settings = settings_for(config)
    make_directories(settings)
    finish(migrate.check(settings.async_database_url))
    show(f"schema {migrate.head()}")
