"""`ingestd gaps list`."""

import asyncio
from typing import Annotated, Any

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import note_nothing
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_json, show_table
from ingestd.errors import UsageError
from ingestd.store.polls import gaps

_STATES = ("open", "repaired", "accepted")


def list_(
    state: Annotated[
        str | None, typer.Option(metavar="STATE", help="Only gaps in this state: open, repaired or accepted.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="List at most N gaps.")] = 100,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List gaps, newest first.

    Exit status: 0 on success, 2 if --state has an unknown value.
    """
    if state is not None and state not in _STATES:
        raise UsageError(f"--state: {state!r} should be one of {', '.join(_STATES)}")

    async def work() -> list[dict[str, Any]]:
        async with open_for_reading(config) as database, database.read() as connection:
            rows = await gaps.list_all(connection, state=state, limit=limit)
            if not rows and not json:
                await note_nothing(connection, f"no gap is {state}" if state else "no gaps")
        return rows

    rows = asyncio.run(work())
    if json:
        show_json(rows)
        return
    columns = ("id", "state", "from_at", "to_at", "found", "source_url", "note")
    show_table(columns, [[row[column] for column in columns] for row in rows])
