"""The database of a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ingestd.cli.settings import load_settings
from ingestd.errors import ConfigError
from ingestd.pipeline import database
from ingestd.settings import Settings
from ingestd.store.database import Database


@asynccontextmanager
async def open_database(config: Path | Settings | None) -> AsyncIterator[Database]:
    """Open the database that the settings name, upgraded first if `migrate_on_start` allows it.

    Raises ConfigError, SchemaMismatch, StoreUnavailable.
    """
    settings = config if isinstance(config, Settings) else load_settings(config)
    async with database.open_database(settings) as opened:
        yield opened


@asynccontextmanager
async def open_for_reading(config: Path | Settings | None) -> AsyncIterator[Database]:
    """Open the database for a command that only reads: it is neither made nor upgraded.

    Raises ConfigError if there is none, SchemaMismatch, StoreUnavailable.
    """
    settings = config if isinstance(config, Settings) else load_settings(config)
    file = database.sqlite_file(settings)
    if file and not file.exists():
        raise ConfigError(f"there is no database at {file} yet: `ingestd sources add URL` or `ingestd run` makes it")
    async with database.open_database(settings, migrate="never") as opened:
        yield opened
