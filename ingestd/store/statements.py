"""Inserts that work on both databases, and lists cut to the limits of a statement."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Dialect,
    Insert,
    Table,
    Update,
    bindparam,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

T = TypeVar("T")

#: Values in one piece of a list.  SQLite allows 32,766 parameters in a statement, PostgreSQL 65,535.
_CHUNK = 5_000


async def insert_absent(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, skipping those that violate a unique key (ON CONFLICT DO NOTHING)."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    await connection.execute(insert(table).on_conflict_do_nothing(), list(rows))


async def insert_if_absent(connection: AsyncConnection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless it violates a unique key, perhaps of a row that is committed meanwhile; return whether."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    inserted = insert(table).values(dict(row)).on_conflict_do_nothing().returning(table.c.id)
    return (await connection.execute(inserted)).first() is not None


async def insert_or_update(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; a row whose primary key exists gets the new values instead."""
    if not rows:
        return
    insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
    values = {name: insert.excluded[name] for name in rows[0] if name not in table.primary_key.columns}
    statement = insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values)
    await connection.execute(statement, list(rows))


async def execute_for_all(
    connection: AsyncConnection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Execute a statement with each of some rows, which all have the same names; does nothing for an empty list.

    `statement` is a constant of its module, without lists of parameters, and its table has no defaults in Python: on
    SQLite it is compiled once and its parameters are made here, since what SQLAlchemy does for a row takes longer than
    what SQLite does.
    """
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        await connection.execute(statement, rows)
        return
    compiled = _compiled(statement, tuple(rows[0]), connection.dialect)
    try:
        parameters = [compiled.parameters(row) for row in rows]
    except (KeyError, OverflowError, TypeError, ValueError) as error:  # as SQLAlchemy raises what it cannot convert
        raise StatementError(str(error), compiled.text, None, error) from error
    await connection.exec_driver_sql(compiled.text, parameters)


class _Compiled:
    """A statement as text, and what its parameters are made of."""

    def __init__(self, statement: Insert | Update, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        # One name may stand for several parameters, of which not all know their type.
        conversions: dict[str, Callable[[Any], Any] | None] = {}
        for parameter, name in compiled.bind_names.items():
            known = conversions.get(name)
            conversions[name] = parameter.type.dialect_impl(dialect).bind_processor(dialect) or known
        self.text = str(compiled)
        self._conversions = [(name, conversions[name]) for name in compiled.positiontup or ()]
        self._constants = {
            name: one.value for one, name in compiled.bind_names.items() if name not in names and not one.required
        }

    def parameters(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the parameters for a row."""
        values = {**self._constants, **row} if self._constants else row
        return tuple(
            [values[name] if convert is None else convert(values[name]) for name, convert in self._conversions]
        )


_compiled = lru_cache(maxsize=64)(_Compiled)


async def insert_for_all(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows as `execute_for_all` does."""
    await execute_for_all(connection, _insert(table), rows)


_insert = lru_cache(maxsize=64)(Table.insert)


async def insert_all(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; does nothing for an empty list."""
    if rows:
        await connection.execute(table.insert(), list(rows))


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a list into pieces that fit into one statement's parameters; yields nothing for an empty list."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def has_row(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that there is a row; PostgreSQL would read a whole table to answer many EXISTS at once."""
    one = select(literal(1)).where(*conditions).limit(1).scalar_subquery()
    return func.coalesce(one, 0) == 1


#: Numbers as one parameter: SQLAlchemy takes longer to write a parameter for each than SQLite to find the row.
Numbers = JSON().with_variant(ARRAY(BigInteger), "postgresql")


def among(column: ColumnElement[int], parameter: str) -> ColumnElement[bool]:
    """Return the condition that a column is among the numbers that a parameter lists: a list, however long."""
    return _Among(column, bindparam(parameter, type_=Numbers))


def one_of(column: ColumnElement[int], numbers: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a column is among some numbers: a list, however long."""
    return _Among(column, bindparam(None, sorted(numbers), type_=Numbers))


class _Among(FunctionElement[Any]):
    # No Boolean: SQLAlchemy would compare it with 1 on SQLite, which uses no index for that.
    type = NullType()
    inherit_cache = True


@compiles(_Among, "postgresql")
def _any(element: _Among, compiler: Any, **how: Any) -> str:
    column, numbers = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} = ANY ({numbers})"


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: Any, **how: Any) -> str:
    column, numbers = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608 - parameters
