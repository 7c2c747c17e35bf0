"""`ingestd db current`."""

import asyncio

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.pipeline.database import make_directories
from ingestd.store.schema import version


def current(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print the version of the database schema.

    Exit status: 0 on success, 1 if the database cannot be used.
    """
    settings = load_settings(config)
    make_directories(settings)
    schema = asyncio.run(version.current(settings.async_database_url))
    show_result({"schema": schema}, schema or "empty", json=json)
