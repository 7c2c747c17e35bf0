"""`ingestd sources list`."""

from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import ColumnElement

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import NO_SOURCES
from ingestd.cli.iterate import iterate
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import is_terminal, note, show_json_array, show_table
from ingestd.errors import UsageError
from ingestd.store.operations.listed_sources import ONLY, READ, listed
from ingestd.store.operations.listed_sources import only as condition
from ingestd.store.polls import source_list

#: Rows of a table on a terminal, if no limit is given.
_TERMINAL_ROWS = 1000

_COLUMNS = ("id", "condition", "entries", "last_polled_at", "next_attempt_at", "title", "url", "reason")


def list_(
    only: Annotated[
        str | None, typer.Option("--only", metavar="WHAT", help=f"Only sources that are: {', '.join(ONLY)}.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help=f"List at most N. Default: all; on a terminal {_TERMINAL_ROWS}."),
    ] = None,
    after: Annotated[int, typer.Option(min=0, metavar="ID", help="Only sources with higher ids.")] = 0,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the sources, in the order they were added.

    Exit status: 0 on success, 2 if --only has an unknown value.
    """
    if only is not None and only not in ONLY:
        raise UsageError(f"--only: {only!r} should be one of {', '.join(ONLY)}")
    if limit is None and is_terminal() and not json:
        limit = _TERMINAL_ROWS
    if json:
        show_json_array(iterate(_pages(config, _chosen(only), after=after, limit=limit)))
        return
    # One more than are listed tells whether there is a next one.
    rows = iterate(_pages(config, _chosen(only), after=after, limit=None if limit is None else limit + 1))
    if (first := next(rows, None)) is None:
        note(f"no source is {only}; `ingestd sources list` lists all" if only else NO_SOURCES)
    shown = _Counted(islice(chain(() if first is None else (first,), rows), limit))
    show_table(_COLUMNS, map(_with_warnings if only == "warned" else itemgetter(*_COLUMNS), shown))
    if next(rows, None) is not None:
        note(f"listed {limit} sources; --after {shown.last['id']} lists the next")


class _Counted:
    """Counts the rows that it yields, and keeps the last."""

    def __init__(self, rows: Iterator[dict[str, Any]]) -> None:
        self._rows = rows
        self.count = 0
        self.last: dict[str, Any] = {}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self._rows:
            self.count += 1
            self.last = row
            yield row


def _with_warnings(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return the columns, with the warnings instead of the reason."""
    return (*itemgetter(*_COLUMNS[:-1])(row), "; ".join(map(str, row["warnings"])))


async def _pages(
    config: Path | None, only: ColumnElement[bool] | None, *, after: int, limit: int | None
) -> AsyncGenerator[list[dict[str, Any]], None]:
    async with open_for_reading(config) as database:
        pages = source_list.pages(database, READ, only=only, after=after, limit=limit)
        async for page in pages:
            yield [listed(row) for row in page]


def _chosen(only: str | None) -> ColumnElement[bool] | None:
    """Return the condition that a source is listed with `--only`."""
    return condition(only, datetime.now(UTC))
