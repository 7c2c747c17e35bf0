"""`ingestd consumers replay`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.consumers.options import NameArgument
from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.errors import UsageError
from ingestd.store.consumers import consumers, failures


def replay(
    name: NameArgument,
    first: Annotated[int, typer.Option("--from", min=1, metavar="N", help="Number of the first event.")],
    last: Annotated[
        int | None, typer.Option("--to", min=1, metavar="M", help="Number of the last event. Default: the first.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Send events again that a consumer has passed.

    They have the identifiers that they had before. What its filter leaves out, or was killed since, is not sent.

    Exit status: 0 on success, 2 if there is no such consumer, or if it has passed none of these events.
    """
    end = first if last is None else last
    if end < first:
        raise UsageError(f"--to {end} is before --from {first}")

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            consumer = await consumers.find(connection, name)
            return await failures.replay(connection, consumer, first=first, last=end, now=datetime.now(UTC))

    count = asyncio.run(work())
    result = {"name": name, "from": first, "to": end, "events": count}
    show_result(result, f"consumer {name}: {count} events are sent again", json=json)
