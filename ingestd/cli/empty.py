"""Say on stderr why a list is empty, and what to do next; a program that reads --json does not see it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.cli.output import note
from ingestd.store.polls import source_states

#: Note of a list that is empty because there are no sources.
NO_SOURCES = "there are no sources yet: `ingestd sources add URL` adds one"


async def note_nothing(connection: AsyncConnection, what: str, hint: str = "") -> None:
    """Print that there is nothing of a kind yet: because no source was polled, else with the hint."""
    if await source_states.polled_one(connection):
        note(f"{what}{hint and '; '}{hint}")
    elif await source_states.has_one(connection):
        note(f"{what}: no source was polled yet; `ingestd run` polls them")
    else:
        note(f"{what}: {NO_SOURCES}")
