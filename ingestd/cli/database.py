"""The database of a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ingestd.cli.settings import load_settings
from ingestd.pipeline import database
from ingestd.store.database import Database


@asynccontextmanager
async def open_database(config: Path | None) -> AsyncIterator[Database]:
    """Open the database that the settings name, upgraded to this program's schema.

    Raises ConfigError, SchemaMismatch, StoreUnavailable.
    """
    async with database.open_database(load_settings(config), upgrade=True) as opened:
        yield opened
