"""What commands open: settings, the database, the fetcher and the worker processes."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from ingestd.daemon import logs
from ingestd.pipeline.runtime import open_database
from ingestd.settings import Settings, load
from ingestd.store.database import Database

T = TypeVar("T")


def settings_for(config: Path | None, *, quiet: bool = True) -> Settings:
    """Read the settings and set up the log; a quiet command says warnings only."""
    settings = load(config)
    logs.configure("warning" if quiet else settings.log_level, settings.log_format)
    return settings


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine to its end."""
    return asyncio.run(work)


@asynccontextmanager
async def database_of(config: Path | None) -> AsyncIterator[Database]:
    """Open the database, brought to this program's schema."""
    async with open_database(settings_for(config), upgrade=True) as database:
        yield database
