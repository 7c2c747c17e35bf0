"""`ingestd consumers remove`."""

import asyncio

from ingestd.cli.consumers.options import NameArgument
from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.store.consumers import consumers


def remove(name: NameArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Remove a consumer, its place in the log and its failures.

    Exit status: 0 on success, 2 if there is no such consumer.
    """

    async def work() -> None:
        async with open_database(config) as database, database.write() as connection:
            await consumers.remove(connection, name)

    asyncio.run(work())
    show_result({"name": name, "removed": True}, f"consumer {name}: removed", json=json)
