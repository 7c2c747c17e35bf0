"""`ingestd consumers test`."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime

import typer

from ingestd.cli.consumers.options import NameArgument
from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json
from ingestd.cli.settings import load_settings
from ingestd.delivery import trial
from ingestd.pipeline.runtime import open_fetcher
from ingestd.store.consumers import consumers


def send_test(name: NameArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Send an example to a consumer and print its answer.

    The example is an event of the kind `test` with the number 0, in the consumer's form. It is sent whatever the
    consumer's state and filter, and changes nothing of it. A folder gets a file and the hub of a feed is told of a
    change; Redis is only asked whether the stream can be written to.

    Exit status: 0 if it was delivered, 1 if not, 2 if there is no such consumer, or if nothing is sent to it.
    """
    settings = load_settings(config)

    async def work() -> trial.Tested:
        async with open_for_reading(settings) as database, database.read() as connection:
            consumer = await consumers.find(connection, name)
        async with open_fetcher(settings) as (_, fetcher):
            return await trial.send_test(consumer, settings, fetcher, datetime.now(UTC))

    tested = asyncio.run(work())
    if json:
        show_json(asdict(tested))
    else:
        failed = f"message {tested.id}: not delivered: {tested.error}"
        status = f", HTTP {tested.status}" if tested.status is not None else ""
        show(f"message {tested.id}: delivered{status}" if tested.delivered else failed)
        if tested.excerpt:
            show(tested.excerpt)
    raise typer.Exit(0 if tested.delivered else 1)
