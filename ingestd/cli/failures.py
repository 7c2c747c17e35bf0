"""`ingestd failures`: what went wrong, and another try."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_json, show_result, show_table
from ingestd.cli.setup import database_of, finish
from ingestd.store.operations import failures
from ingestd.urls import without_userinfo

app = typer.Typer(help="List what went wrong, and try it again.", no_args_is_help=True)


@app.command("list")
def list_(
    given_up: Annotated[bool, typer.Option("--given-up", help="Only entries that are tried no more.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List failures, newest first, or the entries that were given up.

    Exit status: 0.
    """

    async def work() -> list[dict[str, object]]:
        async with database_of(config) as database, database.read() as connection:
            find = failures.quarantined if given_up else failures.latest
            rows = await find(connection, limit=limit)
        return [{**row, "source_url": without_userinfo(row["source_url"] or "")} for row in rows]

    rows = finish(work())
    if json:
        show_json(rows)
        return
    columns = ("id", "at", "stage", "error", "status", "message", "url")
    show_table(columns, [[row[column] for column in columns] for row in rows])


@app.command()
def retry(
    entries: Annotated[list[int] | None, typer.Argument(help="Numbers of entries; default: all given up.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let the daemon try entries again that were given up.

    Exit status: 0, or 1 when none of those named was given up.
    """

    async def work() -> int:
        async with database_of(config) as database, database.write() as connection:
            return await failures.retry(connection, entries or None, now=datetime.now(UTC))

    due = finish(work())
    show_result({"due": due}, f"{due} entries are due again", json=json)
    raise typer.Exit(1 if entries and not due else 0)
