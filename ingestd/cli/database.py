"""The database of a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ingestd.cli.settings import load_settings
from ingestd.pipeline import database
from ingestd.store.database import Database


@asynccontextmanager
async def open_database(config: Path | None) -> AsyncIterator[Database]:
    """Open the database that the settings name, upgraded first if `migrate_on_start` allows it.

    Raises ConfigError, SchemaMismatch, StoreUnavailable.
    """
    async with database.open_database(load_settings(config)) as opened:
        yield opened
