"""Operations of migrations on a database in use; `migrate` explains how migrations run.

On PostgreSQL each function is committed on its own, with what the migration did before it.  A migration that uses one
can therefore end halfway, and is run again from its beginning: its other statements must be repeatable, by
`if_not_exists=True` or `if_exists=True` of Alembic's operations.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic import op
from sqlalchemy import Column, MetaData, Table, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateColumn

from ingestd.errors import StoreUnavailable

#: Seconds that a statement may wait for the lock of a table, and with it everybody who comes after.
LOCK_TIMEOUT = 1.0

#: Seconds between two attempts: who waited behind the first one has its turn.
PAUSE = 2.0

#: SQLSTATEs of a statement that did not get its locks: lock_not_available, deadlock_detected.
_LOCKED = {"55P03", "40P01"}


def retry_until_locked(run: Callable[[], None], deadline: float) -> None:
    """Run statements until they get the locks they need; raises StoreUnavailable after the deadline (monotonic)."""
    while True:
        try:
            run()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _LOCKED:
                raise
            if time.monotonic() + PAUSE > deadline:
                raise StoreUnavailable(
                    "the schema cannot be upgraded: other transactions keep its tables locked; "
                    "end them (pg_stat_activity shows them) and run `ingestd db upgrade` again"
                ) from error
        else:
            return
        time.sleep(PAUSE)


def add_columns(table: str, *columns: Column[Any]) -> None:
    """Add columns that do not exist yet; each is nullable or has a constant default, so no row is rewritten."""
    if _deadline() is None:
        for column in columns:
            op.add_column(table, column)
        return
    Table(table, MetaData(), *columns)
    dialect = op.get_context().dialect
    added = ", ".join(f"ADD COLUMN IF NOT EXISTS {CreateColumn(column).compile(dialect=dialect)}" for column in columns)
    # One statement, which gets its one lock or changes nothing.
    _alter(f"ALTER TABLE {table} {added}")


def widen(table: str, column: str, length: int) -> None:
    """Let a text column of PostgreSQL hold more characters, which rewrites neither rows nor indexes.

    SQLite limits no text.
    """
    if op.get_context().dialect.name == "postgresql":
        _alter(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE VARCHAR({length})")


def drop_foreign_keys(table: str, *names: str) -> None:
    """Drop foreign keys of a table of PostgreSQL."""
    dropped = ", ".join(f"DROP CONSTRAINT IF EXISTS {name}" for name in names)
    _alter(f"ALTER TABLE {table} {dropped}")


def _alter(statement: str) -> None:
    if (deadline := _deadline()) is None:
        op.execute(statement)
        return
    with op.get_context().autocommit_block():
        retry_until_locked(lambda: op.execute(statement), deadline)


def create_index(name: str, table: str, columns: list[str], **options: Any) -> None:
    """Create an index without blocking readers or writers; does nothing if it exists.

    `options` are those of `alembic.op.create_index`.
    """
    if _deadline() is None:
        op.create_index(name, table, columns, if_not_exists=True, **options)
        return
    with _without_lock_timeout():
        # Left by an interrupted build: writers maintain it and no query uses it (PostgreSQL, "CREATE INDEX").
        if op.get_bind().execute(_INVALID, {"name": name}).first():
            op.drop_index(name, postgresql_concurrently=True)
        op.create_index(name, table, columns, if_not_exists=True, postgresql_concurrently=True, **options)


def drop_index(name: str, table: str) -> None:
    """Drop an index without blocking readers or writers; does nothing if there is none."""
    if _deadline() is None:
        op.drop_index(name, table, if_exists=True)
        return
    with _without_lock_timeout():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)


def analyse(table: str, column: str) -> None:
    """Collect statistics of a column from a sample of the rows, without blocking readers or writers."""
    if _deadline() is not None:
        with _without_lock_timeout():
            op.execute(f"ANALYZE {table} ({column})")


@contextmanager
def _without_lock_timeout() -> Iterator[None]:
    """Commit, and run statements that wait for older transactions as long as it takes: nobody waits behind them."""
    with op.get_context().autocommit_block():
        limit = op.get_bind().scalar(text("SHOW lock_timeout"))
        op.execute("SET lock_timeout = 0")
        yield
        # After an error the connection goes back to the pool, and `migrate` sets the limit at the next checkout.
        op.execute(f"SET lock_timeout = '{limit}'")


_INVALID = text(
    "SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    "WHERE relname = :name AND pg_table_is_visible(pg_class.oid) AND NOT indisvalid"
)


def _deadline() -> float | None:
    """Return until when to wait for locks (monotonic); None: nobody else uses the database.

    Others may use a database of PostgreSQL that had a schema before this upgrade.
    """
    deadline: float | None = op.get_context().opts.get("lock_deadline")
    return deadline
