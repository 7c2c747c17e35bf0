"""`ingestd db`: the schema of the database."""

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.setup import finish, settings_for
from ingestd.pipeline.runtime import make_directories
from ingestd.store.schema import migrate

app = typer.Typer(help="Bring the database's schema up to date, or look at its version.", no_args_is_help=True)


@app.command()
def upgrade(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Bring the database to this program's schema; nothing happens when it is there already.

    Exit status: 0, or 1 when it is newer than this program or cannot be reached.
    """
    settings = settings_for(config)
    make_directories(settings)
    before, after = finish(migrate.upgrade(settings.async_database_url))
    line = f"schema {after}, was {before or 'empty'}" if before != after else f"schema {after}, nothing to do"
    show_result({"schema": after, "before": before}, line, json=json)


@app.command()
def current(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print the version of the database's schema.

    Exit status: 0, or 1 when the database cannot be reached.
    """
    settings = settings_for(config)
    make_directories(settings)
    schema = finish(migrate.current(settings.async_database_url))
    show_result({"schema": schema}, schema or "empty", json=json)


@app.command()
def check(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Exit with 0 when the database has this program's schema, with 1 when it has not.

    Exit status: 0 or 1.
    """
    settings = settings_for(config)
    make_directories(settings)
    finish(migrate.check(settings.async_database_url))
    show_result({"schema": migrate.head()}, f"schema {migrate.head()}", json=json)
