"""`ingestd consumers redeliver`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.consumers.options import NameArgument, parse_range
from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.errors import UsageError
from ingestd.store.consumers import consumers, failures


def redeliver(
    name: NameArgument,
    events: Annotated[
        str | None, typer.Argument(metavar="[SEQ|FIRST-LAST]", help="Number of an event, or a range.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All messages that wait or are dead.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Try messages again at once that wait or are dead.

    Each gets all its tries anew.

    Exit status: 0 on success, 2 if there is no such consumer, or no such message.
    """
    if (events is None) != everything:
        raise UsageError("say which: the number of an event, a range as in 7-12, or --all")
    first, last = (None, None) if events is None else parse_range(events)

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            consumer = await consumers.find(connection, name)
            return await failures.redeliver(connection, consumer, first=first, last=last, now=datetime.now(UTC))

    count = asyncio.run(work())
    show_result({"name": name, "due": count}, f"consumer {name}: {count} messages are due again", json=json)
