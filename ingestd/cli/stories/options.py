"""Options of the commands that list stories."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import note_nothing
from ingestd.cli.output import note
from ingestd.cli.settings import load_settings
from ingestd.model.story import Story
from ingestd.store.schema.tables import copies, records
from ingestd.store.stories.listing import Chosen

LimitOption = Annotated[int, typer.Option(min=1, max=1_000, metavar="N", help="List at most N stories.")]

SkipOption = Annotated[int, typer.Option(min=0, metavar="N", help="Leave out the first N: the next page.")]

SinceOption = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="Only stories with a record seen since TIME: ISO 8601, or how long ago, as in 2d."
    ),
]

AgencyOption = Annotated[
    str | None,
    typer.Option(metavar="AGENCY", help="Only stories that this agency issued: its code or name, as in AP or Reuters."),
]

MinPublishersOption = Annotated[
    int, typer.Option(min=1, metavar="N", help="Only stories that at least N publishers carry.")
]

MinCarriersOption = Annotated[int, typer.Option(min=1, metavar="N", help="Only stories that at least N entries carry.")]


def agency_code(name: str | None) -> str | None:
    """Return the code of an agency that the table of agencies has; of another one the name as it is."""
    if name is None:
        return None
    from ingestd.articles.agencies.table import code_of  # noqa: PLC0415 - with its package it takes 0.3 s to import

    return code_of(name)


def hint_for(chosen: Chosen, hint: str) -> str:
    """Return what to do where no story is chosen: the hint of a command, after what its options may have left out."""
    hints = []
    if chosen.skip:
        hints.append(f"--skip leaves out the first {chosen.skip}")
    if chosen.agency:
        hints.append(f'no agency may be named "{chosen.agency}": the column "origin" has the names')
    return ", ".join([*hints, hint])


def find_stories(
    config: Path | None, work: Callable[[AsyncConnection], Coroutine[Any, Any, list[Story]]], *, hint: str, json: bool
) -> list[Story]:
    """Return the stories that `work` finds; if there are none, and not for a program, say on stderr why that may be."""

    async def read() -> list[Story]:
        settings = load_settings(config)
        async with open_for_reading(settings) as database, database.read() as connection:
            found = await work(connection)
            if not found and not json:
                await _note_none(connection, hint, is_off=not settings.stories)
            return found

    return asyncio.run(read())


async def _note_none(connection: AsyncConnection, hint: str, *, is_off: bool) -> None:
    if (await connection.execute(select(exists(select(copies.c.record_id))))).scalar():
        note(f"no stories; {hint}")
    elif is_off:
        note("no stories: they are turned off (stories = false)")
    elif (await connection.execute(select(exists(select(records.c.id))))).scalar():
        note(
            "no record is placed in a story yet: `ingestd run` places what it saves, "
            "`ingestd stories rebuild` what was stored before"
        )
    else:
        await note_nothing(connection, "no stories")
