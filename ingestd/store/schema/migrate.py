"""Upgrade a database to this program's schema (Alembic), in one transaction."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, event, text

from ingestd.store.database import store_errors
from ingestd.store.schema.version import HEAD, blocking_engine, refuse_newer, version_of

# Two processes that start together migrate one after the other.
_MIGRATION_LOCK = 0x1267E57E


async def upgrade(url: str) -> tuple[str | None, str]:
    """Upgrade a database to this program's version; return the versions before and after.

    Raises SchemaMismatch if the database is newer, StoreUnavailable, StoreError.
    """
    return await asyncio.to_thread(_upgrade, url)


def _upgrade(url: str) -> tuple[str | None, str]:
    with store_errors(), _engine(url) as engine, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        before = version_of(connection)
        refuse_newer(before)
        if before != HEAD:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)
        return before, HEAD


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    return config


def _migrations() -> Path:
    """Return the folder of migrations: in the package when installed, beside it in a checkout."""
    package = Path(str(resources.files("ingestd")))
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    """Open an engine whose transactions include DDL on SQLite, too."""
    with blocking_engine(url) as engine:
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
            event.listen(engine, "begin", _begin_immediate)
        yield engine


def _begin_immediate(connection: Connection) -> None:
    # In SQLite, DDL is transactional only if this code begins the transaction, not the driver.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
