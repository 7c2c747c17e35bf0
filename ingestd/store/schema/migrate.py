"""The schema and its versions (Alembic), one step at a time and each whole or not at all."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url

from ingestd.errors import SchemaMismatch
from ingestd.store.database import BUSY_TIMEOUT, store_errors

# Two processes that start together migrate one after the other.
_MIGRATION_LOCK = 0x1267E57E


def head() -> str:
    """Return the version of the schema that this program works with."""
    version = ScriptDirectory.from_config(_config()).get_current_head()
    assert version, "there is at least one migration"
    return version


async def current(url: str) -> str | None:
    """Return the version of a database's schema, None when it has none yet; raises StoreUnavailable."""
    return await asyncio.to_thread(_current, url)


async def upgrade(url: str) -> tuple[str | None, str]:
    """Bring a database to this program's version; returns the versions before and after.

    Raises SchemaMismatch when it is newer, StoreUnavailable, StoreError.
    """
    return await asyncio.to_thread(_upgrade, url)


async def check(url: str) -> None:
    """Raise SchemaMismatch when a database has another version than this program's, older or newer."""
    version = await current(url)
    _refuse_newer(version)
    if version != head():
        raise SchemaMismatch(
            f"the database's schema is {'not there yet' if version is None else f'of version {version}'}, "
            f"this program needs {head()}: run `ingestd db upgrade`"
        )


def _current(url: str) -> str | None:
    with store_errors(), _engine(url) as engine, engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _upgrade(url: str) -> tuple[str | None, str]:
    with store_errors(), _engine(url) as engine, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        before = MigrationContext.configure(connection).get_current_revision()
        _refuse_newer(before)
        if before != head():
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return before, head()


def _refuse_newer(version: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if version is not None and version not in known:
        raise SchemaMismatch(
            f"the database's schema is of version {version}, which is newer than this program ({head()}): "
            "run the newer ingestd, or restore a backup made before its upgrade"
        )


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
    """Open an engine with a blocking driver: migrations are the only ones to use it."""
    engine = create_engine(make_url(url).set(drivername=_blocking(url)), connect_args=_connect_args(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", _begin_immediate)
    try:
        yield engine
    finally:
        engine.dispose()


def _blocking(url: str) -> str:
    return "sqlite" if make_url(url).get_backend_name() == "sqlite" else "postgresql+psycopg"


def _connect_args(url: str) -> dict[str, float]:
    return {"timeout": BUSY_TIMEOUT} if make_url(url).get_backend_name() == "sqlite" else {"connect_timeout": 10}


def _begin_immediate(connection: Connection) -> None:
    # DDL is transactional in SQLite once the transaction is ours to begin.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
