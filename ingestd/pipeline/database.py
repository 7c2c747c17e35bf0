"""Open the database that the settings name.

Commands that only read the database import this module; they need neither network nor worker processes.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingestd.errors import ConfigError, StoreCorrupt, StoreUnavailable
from ingestd.settings import MigrateOnStart, Settings
from ingestd.store.database import Database
from ingestd.store.schema import version
from ingestd.store.transfer import copy_state

if TYPE_CHECKING:  # it logs, and commands that only read must start fast
    from ingestd.store.outages import OutageLog


@asynccontextmanager
async def open_database(
    settings: Settings, *, migrate: MigrateOnStart | None = None, outages: "OutageLog | None" = None
) -> AsyncIterator[Database]:
    """Open the database that the settings name, with this program's schema.

    `migrate` says whether an older one is upgraded; None: the setting `migrate_on_start` says it.
    `outages` is for processes that go on while the database is unavailable.

    Raises SchemaMismatch, StoreUnavailable, ConfigError; StoreError if it is an unfinished copy of another database.
    """
    url = settings.async_database_url
    make_directories(settings)
    file = sqlite_file(settings)
    _check_file(file)
    try:
        await _have_schema(url, migrate or settings.migrate_on_start)
        async with Database(url, outages=outages) as database:
            await copy_state.refuse_unfinished(database)
            yield database
    except (StoreUnavailable, StoreCorrupt) as error:
        # For the operator at a terminal: neither the driver nor an answer over HTTP names the file.
        raise (type(error)(f"{file}: {error}") if file else error) from error.__cause__


async def _have_schema(url: str, migrate: MigrateOnStart) -> None:
    found = await version.current(url)
    if found == version.HEAD:
        return
    # Nobody else uses an empty database.  A large one of PostgreSQL may be in use, and its indexes may take an hour.
    may_upgrade = migrate == "always" or (migrate == "auto" and (found is None or url.startswith("sqlite")))
    if not may_upgrade:
        version.refuse_other(found)
    from ingestd.store.schema.migrate import upgrade

    await upgrade(url)


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
