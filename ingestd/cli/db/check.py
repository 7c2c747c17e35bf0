"""`ingestd db check`."""

import asyncio

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.pipeline.database import make_directories
from ingestd.store.schema import version


def check(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Check that the database has this program's schema.

    Exit status: 0 if it has, 1 if it has not or cannot be used.
    """
    settings = load_settings(config)
    make_directories(settings)
    asyncio.run(version.check(settings.async_database_url))
    show_result({"schema": version.HEAD}, f"schema {version.HEAD}", json=json)
