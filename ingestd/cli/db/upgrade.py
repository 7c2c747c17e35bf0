"""`ingestd db upgrade`."""

import asyncio

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.pipeline.database import make_directories
from ingestd.store.schema import migrate


def upgrade(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Upgrade the database to this program's schema.

    Does nothing if it has that schema already.

    Exit status: 0 on success, 1 if the database is newer than this program or cannot be used.
    """
    settings = load_settings(config)
    make_directories(settings)
    before, after = asyncio.run(migrate.upgrade(settings.async_database_url))
    line = f"schema {after}, was {before or 'empty'}" if before != after else f"schema {after}, nothing to do"
    show_result({"schema": after, "before": before}, line, json=json)
