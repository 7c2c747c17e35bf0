"""Column types that behave the same on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.types import TypeEngine


class Instant(TypeDecorator[datetime]):
    """A point in time: an aware UTC datetime in Python, `timestamptz` on PostgreSQL, UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the database."""
        if dialect.name != "sqlite":
            return dialect.type_descriptor(self.impl_instance)
        return dialect.type_descriptor(DATETIME())  # type: ignore[no-untyped-call]

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return what converts a time for the database: on SQLite one function, of which a poll calls a dozen."""
        return instant_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Return what converts a time from the database."""
        return instant_of_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Convert to UTC; raises ValueError for a naive time, since its zone is unknown."""
        return value if value is None or value.tzinfo is UTC else _in_utc(value)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return an aware UTC time."""
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def instant_text(value: datetime | None) -> str | None:
    """Return a time as SQLite stores it, which is as SQLAlchemy writes a naive one; raises ValueError for a naive time.

    SQLAlchemy takes five times as long: it formats seven values one by one.
    """
    if value is None:
        return None
    if value.tzinfo is not UTC:
        value = _in_utc(value)
    return value.isoformat(" ", "microseconds")[:26]


def instant_of_text(value: Any) -> datetime | None:
    """Return a time that SQLite has stored; one that is no time is None, so that it does not fail the other rows."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value + "+00:00")
    except (TypeError, ValueError):
        return _unusual_instant(value)
    # Behind a date alone, "+" counts as its separator from a time of day, which has no zone then.
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _unusual_instant(value: Any) -> datetime | None:
    """Return a time that was written in another way than ours, or None."""
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (OverflowError, TypeError, ValueError):
        return None


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a naive time cannot be stored: {value}")
    return value.astimezone(UTC)


#: A row number.  SQLite assigns row numbers only to a primary key whose type is exactly INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")

#: A JSON value: `jsonb` on PostgreSQL, text on SQLite.
Json = JSON().with_variant(JSONB(), "postgresql")
