"""`ingestd consumers rotate`."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ingestd.cli.consumers.options import NameArgument
from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show, show_json
from ingestd.delivery import management
from ingestd.errors import UsageError
from ingestd.model.consumer import Consumer
from ingestd.units import parse_duration


def rotate(
    name: NameArgument,
    keep: Annotated[
        str, typer.Option("--keep", metavar="DURATION", help="For how long the present secret signs as well.")
    ] = "1d",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Give a webhook a new secret and print it.

    Messages are signed by both secrets until the present one ends, so the receiver can change to the new one meanwhile.

    Exit status: 0 on success, 2 if there is no such consumer, or if it is no webhook.
    """
    try:
        seconds = timedelta(seconds=parse_duration(keep))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--keep: {error}") from error

    async def work() -> Consumer:
        async with open_database(config) as database, database.write() as connection:
            return await management.rotate(connection, name, keep=seconds, now=datetime.now(UTC))

    settings = asyncio.run(work()).settings
    if json:
        show_json({"name": name, "secret": settings["secret"], "previous_until": settings["previous_until"]})
        return
    show(f"secret: {settings['secret']}")
    note(f"messages are also signed by the previous secret until {settings['previous_until']}")
