"""`ingestd gaps`: times in which entries may have been missed."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_json, show_result, show_table
from ingestd.cli.setup import database_of, finish
from ingestd.store.polls import gaps
from ingestd.urls import without_userinfo

app = typer.Typer(help="List the times in which entries may have been missed, and settle them.", no_args_is_help=True)

GapArgument = Annotated[int, typer.Argument(metavar="GAP", help="The number of a gap.")]


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="Only open, repaired or accepted ones.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List gaps, the newest first.

    Exit status: 0.
    """

    async def work() -> list[dict[str, Any]]:
        async with database_of(config) as database, database.read() as connection:
            rows = await gaps.listed(connection, state=state, limit=limit)
        return [{**row, "source_url": without_userinfo(row["source_url"])} for row in rows]

    rows = finish(work())
    if json:
        show_json(rows)
        return
    columns = ("id", "state", "from_at", "to_at", "found", "source_url", "note")
    show_table(columns, [[row[column] for column in columns] for row in rows])


@app.command()
def accept(
    gap: GapArgument,
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Accept an open gap as it is: it is shown, and no longer warned of.

    Exit status: 0, or 2 when there is no such open gap.
    """

    async def work() -> None:
        async with database_of(config) as database, database.write() as connection:
            await gaps.settle(connection, gap, accepted=True, note=note, now=datetime.now(UTC))

    finish(work())
    show_result({"gap": gap, "state": "accepted"}, f"gap {gap}: accepted", json=json)


@app.command()
def repair(gap: GapArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Let the daemon look once more for what an open gap may have lost.

    Exit status: 0, or 2 when there is no such open gap.
    """

    async def work() -> None:
        async with database_of(config) as database, database.write() as connection:
            await gaps.settle(connection, gap, accepted=False, note=None, now=datetime.now(UTC))

    finish(work())
    show_result({"gap": gap, "state": "open"}, f"gap {gap}: due for repair", json=json)
