"""Open the database that the settings name.

Commands that only read the database import this module; they need neither network nor worker processes.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ingestd.errors import ConfigError
from ingestd.settings import Settings
from ingestd.store.database import Database
from ingestd.store.schema import version
from ingestd.store.transfer import copy_state


@asynccontextmanager
async def open_database(settings: Settings, *, upgrade: bool | None = None) -> AsyncIterator[Database]:
    """Open the database that the settings name.

    `upgrade`: True upgrades it to this program's schema, False raises SchemaMismatch for any other schema, None skips
    the check.

    Raises SchemaMismatch, StoreUnavailable, ConfigError; StoreError, unless the check is skipped, if it is an
    unfinished copy of another database.
    """
    url = settings.async_database_url
    make_directories(settings)
    _check_file(sqlite_file(settings))
    if upgrade:
        await _upgrade(url)
    elif upgrade is False:
        await version.check(url)
    async with Database(url) as database:
        if upgrade is not None:
            await copy_state.refuse_unfinished(database)
        yield database


async def _upgrade(url: str) -> None:
    if await version.current(url) != version.HEAD:
        from ingestd.store.schema import migrate

        await migrate.upgrade(url)


def make_directories(settings: Settings) -> None:
    """Create the directories that the settings name; raises ConfigError."""
    file = sqlite_file(settings)
    for path in (settings.state_dir, *([file.parent] if file else [])):
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o750)
        except OSError as error:
            raise ConfigError(f"cannot create {path}: {error.strerror}; set state_dir or database_url") from error


def _check_file(file: Path | None) -> None:
    """Raise ConfigError if an SQLite file cannot be opened: its own error names neither the file nor the reason."""
    if file is None:
        return
    reason = None
    if file.is_dir():
        reason = "it is a directory"
    elif not os.access(file.parent, os.W_OK | os.X_OK) or (file.exists() and not os.access(file, os.R_OK | os.W_OK)):
        reason = "permission denied; run as the service user (ingestd-admin)"
    if reason:
        joint = " or" if ";" in reason else ";"
        raise ConfigError(f"cannot open {file}: {reason}{joint} set database_url")


def sqlite_file(settings: Settings) -> Path | None:
    """Return the path of the SQLite file.  None: the database is not a file."""
    return sqlite_path(settings.async_database_url)


def sqlite_path(url: str) -> Path | None:
    """Return the path of the SQLite file at a URL with an async driver.  None: the database is not a file."""
    _, _, path = url.partition("sqlite+aiosqlite:///")
    return Path(path.partition("?")[0]) if path else None


def sqlite_url(file: Path) -> str:
    """Return the URL, with an async driver, of an SQLite file."""
    return f"sqlite+aiosqlite:///{file.absolute()}"
