"""`ingestd sources list`."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, get_args

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import NO_SOURCES
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json, show_table
from ingestd.errors import UsageError
from ingestd.policy.polling.condition import Condition
from ingestd.store.operations import overview
from ingestd.store.polls import sources
from ingestd.store.polls.source_warnings import warnings_from_json
from ingestd.times import iso

#: Conditions, "overdue": an active source that was due over five minutes ago, and "warned": its documents have defects.
_ONLY = (*get_args(Condition), "overdue", "warned")


def list_(
    only: Annotated[
        str | None, typer.Option("--only", metavar="WHAT", help=f"Only sources that are: {', '.join(_ONLY)}.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the sources.

    Exit status: 0 on success, 2 if --only has an unknown value.
    """
    if only is not None and only not in _ONLY:
        raise UsageError(f"--only: {only!r} should be one of {', '.join(_ONLY)}")

    async def work() -> list[dict[str, Any]]:
        async with open_for_reading(config) as database, database.read() as connection:
            rows = await sources.list_all(connection)
        return [
            {
                **overview.source_summary(row),
                "entries": row.entries,
                "last_polled_at": iso(row.last_polled_at),
            }
            for row in rows
            if only is None or _chooser(only)(row)
        ]

    rows = asyncio.run(work())
    if json:
        show_json(rows)
    else:
        if not rows:
            note(f"no source is {only}; `ingestd sources list` lists all" if only else NO_SOURCES)
        if only == "warned":
            rows = [{**row, "reason": "; ".join(map(str, row["warnings"]))} for row in rows]
        columns = ("id", "condition", "entries", "last_polled_at", "next_attempt_at", "title", "url", "reason")
        show_table(columns, [[row[column] for column in columns] for row in rows])


def _chooser(only: str) -> Callable[[Any], bool]:
    """Return whether a row of `sources` is listed with `--only`, as a function."""
    late = datetime.now(UTC) - timedelta(seconds=overview.OVERDUE)
    if only == "overdue":
        return lambda row: row.state == "active" and row.due_at is not None and row.due_at < late
    if only == "warned":
        return lambda row: row.state == "active" and bool(warnings_from_json(row.warnings))
    return lambda row: overview.source_summary(row)["condition"] == only
