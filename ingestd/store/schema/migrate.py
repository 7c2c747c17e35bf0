"""Upgrade a database to this program's schema (Alembic).

An SQLite file and an empty database are upgraded in one transaction.  A PostgreSQL database with a schema is upgraded
while others use it:

- A statement that cannot lock its table within `LOCK_TIMEOUT` fails and is tried again after a pause: whoever waits
  behind it waits no longer than that.
- Statements that lock a table are transactions of their own, and indexes are built concurrently (`online`).
- Migrations only expand the schema: tables, nullable columns, columns with a constant default, indexes, and fewer
  constraints.  None rewrites a table.  What the older program does not need is removed by a later version.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, text

from ingestd.store.database_errors import store_errors
from ingestd.store.schema.online import LOCK_TIMEOUT, retry_until_locked
from ingestd.store.schema.version import HEAD, VERSIONS, blocking_engine, refuse_newer, version_of

#: Seconds after which an upgrade is given up whose tables others keep locked.
PATIENCE = 900.0

# Two processes that start together migrate one after the other.
_MIGRATION_LOCK = 0x1267E57E


async def upgrade(url: str, *, patience: float = PATIENCE) -> tuple[str | None, str]:
    """Upgrade a database to this program's version; return the versions before and after.

    On PostgreSQL, waits at most `patience` seconds for tables that others have locked.

    Raises SchemaMismatch if the database is newer, StoreUnavailable, StoreError.
    """
    return await asyncio.to_thread(_upgrade, url, patience=patience)


async def pending(url: str) -> list[tuple[str, str]]:
    """Return the version and first line of each migration that `upgrade` would run, in order.

    Raises SchemaMismatch if the database is newer, StoreUnavailable, StoreError.
    """
    return await asyncio.to_thread(_pending, url)


def _pending(url: str) -> list[tuple[str, str]]:
    with store_errors(), blocking_engine(url) as engine, engine.connect() as connection:
        before = version_of(connection)
    refuse_newer(before)
    scripts = ScriptDirectory.from_config(_config())
    return [(version, (scripts.get_revision(version).doc or "").rstrip(".")) for version in _versions_after(before)]


def _versions_after(version: str | None) -> tuple[str, ...]:
    return VERSIONS if version is None else VERSIONS[VERSIONS.index(version) + 1 :]


def _upgrade(url: str, target: str = HEAD, *, patience: float = PATIENCE) -> tuple[str | None, str]:
    with store_errors(), _engine(url) as engine, _migration_lock(engine):
        if engine.dialect.name == "postgresql":
            with engine.connect() as connection:
                before = version_of(connection)
            if before is not None:
                refuse_newer(before)
                _upgrade_online(engine, before, target, time.monotonic() + patience)
                return before, target
        with engine.begin() as connection:
            before = version_of(connection)
            refuse_newer(before)
            if before != target:
                _run(connection, target, lock_deadline=None)
        return before, target


def _upgrade_online(engine: Engine, before: str, target: str, deadline: float) -> None:
    def run(version: str) -> None:
        with engine.connect() as connection:
            _run(connection, version, lock_deadline=deadline)

    for version in _versions_after(before):
        retry_until_locked(partial(run, version), deadline)
        if version == target:
            return


def _run(connection: Connection, target: str, *, lock_deadline: float | None) -> None:
    config = _config()
    config.attributes |= {"connection": connection, "lock_deadline": lock_deadline}
    command.upgrade(config, target)


@contextmanager
def _migration_lock(engine: Engine) -> Iterator[None]:
    """Hold the lock of migrations; on SQLite the transaction has it."""
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # A process that waits for the lock inside a statement has a snapshot, for which the holder's concurrent index
        # builds would wait in turn.
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _MIGRATION_LOCK}):
            time.sleep(0.2)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})


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
    """Open an engine whose transactions include DDL on SQLite, too, and wait briefly for locks on PostgreSQL."""
    with blocking_engine(url) as engine:
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
            event.listen(engine, "begin", _begin_immediate)
        else:
            event.listen(engine, "checkout", _limit_waits)
        yield engine


def _begin_immediate(connection: Connection) -> None:
    # In SQLite, DDL is transactional only if this code begins the transaction, not the driver.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _limit_waits(connection: Any, _record: Any, _proxy: Any) -> None:
    # A role's own limit on statements would end an index build.
    connection.execute("SET statement_timeout = 0")
    connection.execute(f"SET lock_timeout = {int(LOCK_TIMEOUT * 1000)}")
    connection.commit()
