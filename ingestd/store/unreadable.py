"""Values of rows that cannot be read: damaged ones, and ones of a program that this one does not know.

Each costs its own row only: the driver must not fail for all rows of a result.
"""

import json
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from ingestd.store.schema.columns import Json

#: What a conversion of values to objects raises when they are not what this program writes.
UNREADABLE = (TypeError, ValueError, KeyError, AttributeError)


class UnreadableJson:
    """Stands for a stored text that is not JSON: a conversion of its row fails, as for any value of a wrong type."""

    def __init__(self, error: ValueError) -> None:
        self.error = error

    def __repr__(self) -> str:
        return f"no JSON ({self.error})"


def parse_json(stored: str | bytes) -> Any:
    """Return a stored JSON value, an UnreadableJson if it is none."""
    try:
        return json.loads(stored)
    except ValueError as error:
        return UnreadableJson(error)


class if_json(FunctionElement[Any]):  # noqa: N801 - named as the function that it is
    """A JSON column, null where the text is not JSON: the functions of SQLite would fail for the whole statement."""

    type = Json
    inherit_cache = True


@compiles(if_json)
def _as_it_is(element: if_json, compiler: Any, **how: Any) -> str:
    return str(compiler.process(element.clauses, **how))


@compiles(if_json, "sqlite")
def _checked(element: if_json, compiler: Any, **how: Any) -> str:
    column = compiler.process(element.clauses, **how)
    return f"CASE WHEN json_valid({column}) THEN {column} END"
